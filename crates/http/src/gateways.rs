//! The gateways, and the receipts and replies that have come in over one of them and belong to nobody. They are the
//! operator's, not a client's.

use actix_web::{HttpResponse, web};
use clarion_domain::gateway::BindState;
use clarion_domain::message::MessageStatus;
use clarion_domain::receipt::IdForm;
use clarion_engine::GatewayTraffic;
use clarion_persistence::inbound_messages::{self, Reply};
use clarion_persistence::messages::{self, Hint, UnmatchedReceipt};
use serde::Serialize;
use utoipa::ToSchema;

use crate::inbound_messages::InboundMessageBody;
use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::state::{Admin, Caller};
use crate::{Answer, dates};

#[derive(Serialize, ToSchema)]
#[schema(as = Gateway)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewayBody {
    name: String,
    #[schema(example = "smpp")]
    kind: &'static str,
    /// Those that this node keeps; others may have the rest.
    binds: Vec<BindBody>,
    /// Most parts in flight, of these binds together.
    window: usize,
    /// Parts in flight.
    window_in_use: usize,
    /// Parts per second that the provider takes at present.
    parts_per_second: u32,
    /// Most parts per second in the whole cluster, as configured; `null`: no limit.
    parts_per_second_limit: Option<u32>,
    /// Messages handed over whose outcome is not known yet.
    queue: usize,
    /// Parts that the provider has taken since the start.
    sent: u64,
    /// Receipts that have found their message since the start.
    receipts_matched: u64,
    /// Receipts that are kept because they have found none.
    receipts_unmatched: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Bind)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BindBody {
    /// Which of the gateway's binds, from 1.
    number: u32,
    /// `transceiver`, `transmitter` or `receiver`.
    role: &'static str,
    /// `bound` or `unbound`.
    state: &'static str,
    #[schema(format = DateTime)]
    connected_since: Option<String>,
    /// The last thing that went wrong.
    last_error: Option<String>,
    window: usize,
    window_in_use: usize,
    /// Parts per second that the provider's refusals have slowed it down to; `null`: they have not.
    slowed_to: Option<u32>,
}

impl From<BindState> for BindBody {
    fn from(bind: BindState) -> Self {
        Self {
            number: u32::from(bind.number) + 1,
            role: bind.role,
            state: match bind.connected_since {
                Some(_) => "bound",
                None => "unbound",
            },
            connected_since: bind.connected_since.map(dates::show),
            last_error: bind.last_error,
            window: bind.window,
            window_in_use: bind.in_flight,
            slowed_to: bind.slowed_to,
        }
    }
}

impl From<GatewayTraffic> for GatewayBody {
    fn from(traffic: GatewayTraffic) -> Self {
        let state = traffic.state;
        Self {
            name: state.name,
            kind: state.kind,
            window: state.binds.iter().map(|bind| bind.window).sum(),
            window_in_use: state.binds.iter().map(|bind| bind.in_flight).sum(),
            binds: state.binds.into_iter().map(BindBody::from).collect(),
            parts_per_second: state.rate,
            parts_per_second_limit: (state.limit > 0).then_some(state.limit),
            queue: state.queue,
            sent: state.sent,
            receipts_matched: traffic.receipts_matched,
            receipts_unmatched: traffic.receipts_unmatched,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = UnmatchedReceipt)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnmatchedReceiptBody {
    id: i64,
    /// The id that it names, as the provider wrote it.
    provider_id: String,
    /// A message's status; `null` where it says nothing that changes one.
    status: Option<i16>,
    /// The provider's error code.
    error: Option<String>,
    /// The number that it names.
    phone_number: Option<String>,
    #[schema(format = DateTime)]
    received_date_time: String,
    /// Why it found no message, and what would help, where that can be seen.
    hint: Option<String>,
}

impl From<UnmatchedReceipt> for UnmatchedReceiptBody {
    fn from(receipt: UnmatchedReceipt) -> Self {
        Self {
            id: receipt.id,
            provider_id: receipt.provider_id,
            status: receipt.status.map(MessageStatus::number),
            error: receipt.error,
            phone_number: receipt.destination,
            received_date_time: dates::show(receipt.received_at),
            hint: receipt.hint.map(words_for),
        }
    }
}

/// What the operator can do about it.
fn words_for(hint: Hint) -> String {
    match hint {
        Hint::Form(form) => {
            let (written, setting) = match form {
                IdForm::Same => ("as it stands", "same"),
                IdForm::DecimalOfHexadecimal => ("in hexadecimal", "hexadecimal_response"),
                IdForm::HexadecimalOfDecimal => ("in decimal", "decimal_response"),
            };
            format!(
                "the id, written {written}, is that of a message: set the gateway's id_form to \"{setting}\""
            )
        }
        Hint::OtherMessage => {
            "the message with this id went to another number or at another time: the provider \
            gives its ids again"
                .to_owned()
        }
        Hint::Ambiguous(messages) => format!(
            "{messages} messages have this id, and the receipt does not tell which of them it is about"
        ),
    }
}

/// What comes in over a gateway may be of any client, so no other's key shows it, whatever its scopes.
fn require_operator(caller: &Caller<Admin>) -> Result<(), Problem> {
    if caller.is_operator() {
        return Ok(());
    }
    let detail = "only the operator, which is client 1, sees the gateways";
    Err(Problem::new(Kind::MissingScope, detail))
}

/// Lists the gateways of the node that answers.
#[utoipa::path(
    get, path = "/api/Gateways", tag = "Gateways", operation_id = "listGateways",
    security(("key" = ["admin"])),
    responses((status = 200, description = "The gateways", body = Vec<GatewayBody>)),
)]
pub(crate) async fn list(caller: Caller<Admin>) -> Answer {
    require_operator(&caller)?;
    let gateways = caller.gateways().await?;
    let bodies: Vec<_> = gateways.into_iter().map(GatewayBody::from).collect();
    Ok(HttpResponse::Ok().json(bodies))
}

/// Lists a gateway's receipts that have found no message.
///
/// A gateway that is configured no more may still have some. The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Gateways/{name}/UnmatchedReceipts", tag = "Gateways", operation_id = "listUnmatchedReceipts",
    params(("name" = String, Path, description = "The gateway"), ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "A page of receipts", body = PageBody<UnmatchedReceiptBody>)),
)]
pub(crate) async fn unmatched_receipts(
    caller: Caller<Admin>,
    name: web::Path<String>,
    asked: Asked<UnmatchedReceipt>,
) -> Answer {
    require_operator(&caller)?;
    let receipts = caller
        .read(move |conn, _| messages::unmatched(conn, &name, &asked.request))
        .await?;
    Ok(paging::answer(receipts, UnmatchedReceiptBody::from))
}

/// Lists a gateway's replies of which it is not known whom they answer.
///
/// The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Gateways/{name}/UnmatchedMessages", tag = "Gateways", operation_id = "listUnmatchedMessages",
    params(("name" = String, Path, description = "The gateway"), ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "A page of replies", body = PageBody<InboundMessageBody>)),
)]
pub(crate) async fn unmatched_messages(
    caller: Caller<Admin>,
    name: web::Path<String>,
    asked: Asked<Reply>,
) -> Answer {
    require_operator(&caller)?;
    let replies = caller
        .read(move |conn, _| inbound_messages::unmatched(conn, &name, &asked.request))
        .await?;
    Ok(paging::answer(replies, InboundMessageBody::from))
}
