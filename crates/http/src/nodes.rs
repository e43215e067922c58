//! The nodes: the processes that share the database, for their operator.

use clarion_persistence::gateway_binds::NodeBind;
use clarion_persistence::nodes::{self, Node};
use serde::Serialize;
use utoipa::ToSchema;

use crate::paging::{self, Asked, ListParameters, PageBody};
use crate::problem::{Kind, Problem};
use crate::state::{Admin, Caller};
use crate::{Answer, dates};

/// A process of the service.
#[derive(Serialize, ToSchema)]
#[schema(as = Node)]
#[serde(rename_all = "camelCase")]
struct NodeBody {
    /// Drawn at its start.
    #[schema(example = "3f2b8c1e-5a77-4c19-9d61-0a4f8f2e7b10")]
    id: String,
    /// The machine that it runs on.
    #[schema(example = "sms-1")]
    host: String,
    /// `api`, `sender`, `worker`.
    #[schema(example = json!(["api", "sender", "worker"]))]
    roles: Vec<String>,
    #[schema(example = "0.1.0")]
    version: String,
    /// `alive`, or `gone`: it has ended, or has not been heard of for as long as its lease was.
    #[schema(example = "alive")]
    state: &'static str,
    #[schema(format = DateTime)]
    started_date_time: String,
    /// By the database's clock.
    #[schema(format = DateTime)]
    last_seen_date_time: String,
    /// The binds that it keeps.
    binds: Vec<NodeBindBody>,
    /// Runs of recipients that are in its hands.
    units: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NodeBind)]
#[serde(rename_all = "camelCase")]
struct NodeBindBody {
    #[schema(example = "main")]
    gateway: String,
    /// Which of the gateway's binds, from 1.
    #[schema(example = 1)]
    number: u32,
}

impl From<NodeBind> for NodeBindBody {
    fn from(bind: NodeBind) -> Self {
        Self {
            gateway: bind.gateway,
            number: u32::from(bind.number) + 1,
        }
    }
}

impl From<Node> for NodeBody {
    fn from(node: Node) -> Self {
        Self {
            id: node.id,
            host: node.host,
            roles: node.roles,
            version: node.version,
            state: match node.gone_at {
                None => "alive",
                Some(_) => "gone",
            },
            started_date_time: dates::show(node.started_at),
            last_seen_date_time: dates::show(node.last_seen_at),
            binds: node.binds.into_iter().map(NodeBindBody::from).collect(),
            units: node.units,
        }
    }
}

/// Lists the nodes.
///
/// Those that are gone are listed for a day. The newest comes first unless `sorts` says otherwise.
#[utoipa::path(
    get, path = "/api/Nodes", tag = "Nodes", operation_id = "listNodes",
    params(ListParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "A page of nodes", body = PageBody<NodeBody>)),
)]
pub(crate) async fn list(caller: Caller<Admin>, asked: Asked<Node>) -> Answer {
    if !caller.is_operator() {
        let detail = "only the operator, which is client 1, sees the nodes";
        return Err(Problem::new(Kind::MissingScope, detail));
    }
    let page = caller
        .read(move |conn, _| nodes::page(conn, &asked.request))
        .await?;
    Ok(paging::answer(page, NodeBody::from))
}
