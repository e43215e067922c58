"""An ESME by PyPI's `smpplib`: submits texts to the SMSC at the port given, and tells what comes back, one JSON per line."""

import json
import sys

import smpplib.client
import smpplib.consts
import smpplib.gsm

TEXTS = ["Hello from Python @ 5", "long " * 40, "emoji \U0001f433 and \u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439\u0442\u0435"]


def tell(**event):
    print(json.dumps(event), flush=True)


class Esme:
    def __init__(self, port):
        self.client = smpplib.client.Client("127.0.0.1", port, timeout=20, allow_unknown_opt_params=True)
        self.client.set_message_sent_handler(self.on_answer)
        self.client.set_message_received_handler(self.on_delivery)
        self.answers = self.receipts = self.submitted = 0
        self.reply = {}

    def run(self):
        self.client.connect()
        self.client.bind_transceiver(system_id="python", password="secret")
        tell(event="bound")
        for text in TEXTS:
            self.submit(text)
        while self.answers < self.submitted or self.receipts < self.submitted or len(self.reply) < 2:
            self.client.read_once()
        tell(event="reply", text="".join(self.reply[part] for part in sorted(self.reply)))
        self.client.unbind()
        self.client.disconnect()
        tell(event="unbound")

    def submit(self, text):
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            self.client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr="PYTHON",
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr="447700900001",
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
            self.submitted += 1

    def on_answer(self, pdu):
        self.answers += 1
        tell(event="answer", status=pdu.status, id=pdu.message_id.decode())

    def on_delivery(self, pdu):
        if pdu.esm_class & 0x3C:
            self.receipts += 1
            tell(event="receipt", id=pdu.receipted_message_id.decode(), text=pdu.short_message.decode())
        else:
            header, text = pdu.short_message[:6], pdu.short_message[6:]
            self.reply[header[5]] = text.decode("utf-16-be")
        return smpplib.consts.SMPP_ESME_ROK


Esme(int(sys.argv[1])).run()
