//! Deliveries between the peer and the sink: handed over as they come, without waiting for each other, and answered when
//! the sink has them.

use std::sync::Arc;

use bytes::BytesMut;
use clarion_domain::clock::Clock;
use clarion_domain::gateway::{BoxFuture, Inbound, InboundSink, LateOutcome, NotStored};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rusmpp::decode::DecodeError;
use rusmpp::pdus::{DataSmResp, DeliverSmResp};
use rusmpp::{CommandId, CommandStatus, Pdu};

use super::codes::OptOutErrors;
use super::inbound::{Delivery, ReceiptReading, Sorted};
use super::joining::Joiner;
use super::numbers::Numbers;
use super::settings::{SettingsFault, SmppSettings};
use crate::wire::frame::{self, Frame};

/// Deliveries that may wait for the sink at a time.
///
/// A sink that stores every 100 ms can then still take 50,000 a second.
const MOST: usize = 5_000;

/// Where the deliveries of a gateway go, over whichever bind they come.
pub(super) struct Desk {
    pub(super) gateway: String,
    pub(super) receipts: ReceiptReading,
    pub(super) numbers: Numbers,
    pub(super) joiner: Arc<Joiner>,
    pub(super) sink: Arc<dyn InboundSink>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Deliveries that wait for the sink.
#[derive(Default)]
pub(super) struct Deliveries(FuturesUnordered<BoxFuture<'static, Stored>>);

/// What the sink made of a delivery.
pub(super) struct Stored {
    /// The request that waits for an answer, and its sequence number.
    request: Option<(CommandId, u32)>,
    result: Result<(), NotStored>,
}

impl Desk {
    pub(super) fn new(
        settings: &SmppSettings,
        sink: Arc<dyn InboundSink>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsFault> {
        Ok(Self {
            gateway: settings.name.clone(),
            receipts: ReceiptReading {
                id_form: settings.id_form.into(),
                opt_outs: OptOutErrors::new(&settings.opted_out_errors)?,
            },
            numbers: Numbers::of(settings.region()),
            joiner: Arc::new(Joiner::new(
                &settings.name,
                Arc::clone(&sink),
                settings.join,
            )),
            sink,
            clock,
        })
    }
}

impl Deliveries {
    /// Whether no more should be read.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands a deliver_sm or data_sm to the sink, by way of the joiner where it is a part.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn take(&mut self, frame: Frame, desk: &Desk) -> Result<(), DecodeError> {
        let Frame { id, sequence, .. } = frame;
        let delivery = match id {
            CommandId::DataSm => Delivery::of_data_sm(frame.body)?,
            _ => Delivery::of_deliver_sm(frame.body)?,
        };
        let sorted = delivery.sort(&desk.receipts, &desk.numbers, desk.clock.now());
        let storing: BoxFuture<'static, _> = match sorted {
            Sorted::Whole(inbound) => desk.sink.receive(&desk.gateway, inbound),
            Sorted::Part(part) => Box::pin(Arc::clone(&desk.joiner).receive(part)),
        };
        self.0.push(Box::pin(storing.map(move |result| Stored {
            request: Some((id, sequence)),
            result,
        })));
        Ok(())
    }

    /// Hands over what became of a message after all.
    pub(super) fn tell(&mut self, late: LateOutcome, desk: &Desk) {
        let telling = desk
            .sink
            .receive(&desk.gateway, Inbound::Late(Box::new(late)));
        self.0.push(Box::pin(telling.map(|result| Stored {
            request: None,
            result,
        })));
    }

    /// Waits for the next that the sink has done with; never returns while none waits.
    pub(super) async fn next(&mut self) -> Stored {
        match self.0.next().await {
            Some(stored) => stored,
            None => std::future::pending().await,
        }
    }

    /// Answers this one and all others that are done: a sink that stores in batches has many at once.
    pub(super) fn answer(&mut self, stored: Stored, output: &mut BytesMut) {
        let mut next = Some(stored);
        while let Some(stored) = next {
            stored.answer(output);
            next = self.0.next().now_or_never().flatten();
        }
    }
}

impl Stored {
    /// Only now is the delivery ours: a peer that gets no answer, or a temporary error, delivers again.
    fn answer(&self, output: &mut BytesMut) {
        let Some((request, sequence)) = self.request else {
            return;
        };
        let status = match self.result {
            Ok(()) => CommandStatus::EsmeRok,
            Err(NotStored) => CommandStatus::EsmeRxTAppn,
        };
        let pdu = match request {
            CommandId::DataSm => Pdu::DataSmResp(DataSmResp::default()),
            _ => Pdu::DeliverSmResp(DeliverSmResp::default()),
        };
        frame::put(output, status, sequence, pdu);
    }
}
