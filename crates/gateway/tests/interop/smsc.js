// An SMSC by the npm package `smpp`: takes what is submitted, joins it, answers, and sends a receipt for every part. Each line
// on standard input is a message from a handset to deliver. What happens is told on standard output, one JSON per line.
'use strict';

const readline = require('readline');
const smpp = require('smpp');

const tell = (event) => process.stdout.write(JSON.stringify(event) + '\n');

let nextId = 0xabc0;
let session = null;
const unfinished = new Map();

// Hexadecimal in the response, decimal in the receipt, as many an SMSC has it.
const inResponse = (id) => id.toString(16).toUpperCase();

function textOf(pdu) {
    if (pdu.message_payload) {
        return pdu.message_payload.message;
    }
    return pdu.short_message.message;
}

function placeOf(pdu) {
    if (pdu.sar_msg_ref_num !== undefined) {
        return [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum];
    }
    for (const element of pdu.short_message.udh || []) {
        if (element[0] === 0x00) {
            return [element[2], element[3], element[4]];
        }
        if (element[0] === 0x08) {
            return [element.readUInt16BE(2), element[4], element[5]];
        }
    }
    return [0, 1, 1];
}

function join(pdu) {
    const [reference, total, number] = placeOf(pdu);
    const key = `${pdu.destination_addr} ${reference}`;
    const parts = unfinished.get(key) || new Map();
    parts.set(number, textOf(pdu));
    unfinished.set(key, parts);
    if (parts.size === total) {
        unfinished.delete(key);
        const text = [...parts.keys()].sort((a, b) => a - b).map((part) => parts.get(part)).join('');
        tell({ event: 'message', destination: pdu.destination_addr, source: pdu.source_addr, parts: total, text });
    }
}

function receipt(pdu, id) {
    session.deliver_sm({
        esm_class: 0x04,
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2603021200 done date:2603021201 stat:DELIVRD err:000 text:`,
    }, (answer) => tell({ event: 'receipt_answered', status: answer.command_status }));
}

function deliver({ source, destination, parts }) {
    parts.forEach((text, index) => {
        const udh = Buffer.from([5, 0, 3, 77, parts.length, index + 1]);
        session.deliver_sm({
            esm_class: parts.length > 1 ? 0x40 : 0,
            // The package would announce GSM 7-bit as ASCII.
            data_coding: smpp.encodings.detect(text) === 'UCS2' ? 8 : 0,
            source_addr: source,
            destination_addr: destination,
            short_message: parts.length > 1 ? { udh, message: text } : { message: text },
        }, (answer) => tell({ event: 'delivery_answered', status: answer.command_status }));
    });
}

function serve(connection) {
    session = connection;
    let raw = Buffer.alloc(0);
    const read = session.socket.read.bind(session.socket);
    session.socket.read = (length) => {
        const octets = read(length);
        raw = octets || raw;
        return octets;
    };
    session.on('bind_transceiver', (pdu) => {
        tell({ event: 'bind', system_id: pdu.system_id, version: pdu.interface_version });
        session.send(pdu.response({ system_id: 'node' }));
    });
    session.on('submit_sm', (pdu) => {
        const id = nextId++;
        tell({ event: 'submit', octets: raw.toString('hex') });
        session.send(pdu.response({ message_id: inResponse(id) }));
        join(pdu);
        receipt(pdu, id);
    });
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => {
        tell({ event: 'unbind' });
        session.send(pdu.response());
    });
    session.on('error', (error) => tell({ event: 'error', error: String(error) }));
}

const server = smpp.createServer(serve);
server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));
readline.createInterface({ input: process.stdin }).on('line', (line) => deliver(JSON.parse(line)));
