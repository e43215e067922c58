//! What a node counts of itself, as Prometheus reads it. Nothing of it is a client's, and no database is asked: it is good for
//! an alarm where the database is away.

use actix_web::{HttpResponse, web};
use clarion_domain::gateway::GatewayState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::Answer;
use crate::problem::Problem;
use crate::state::State;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Alarm {
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    gateway: String,
}

/// Shows them.
pub(crate) async fn show(state: web::Data<State>) -> Answer {
    let mut registry = Registry::with_prefix("clarion");
    alarms(&mut registry, &state);
    gateways(&mut registry, state.gateway_states());
    let lost = Counter::<u64>::default();
    lost.inc_by(state.lost_clicks());
    let help = "Clicks that were not written down for want of room";
    registry.register("clicks_lost", help, lost);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok().content_type(OPEN_METRICS).body(text))
}

fn alarms(registry: &mut Registry, state: &State) {
    let alarms = state.alarms();
    let family = Family::<Alarm, Gauge>::default();
    for (what, is_on) in [("database", alarms.database), ("journal", alarms.journal)] {
        family.get_or_create(&Alarm { what }).set(i64::from(is_on));
    }
    let help = "1 where this cannot be written: without the database nothing is sent";
    registry.register("alarm", help, family);
}

type Level = (&'static str, &'static str, fn(&GatewayState) -> usize);

/// What goes up and down.
const LEVELS: [Level; 6] = [
    ("binds", "Binds that this node keeps", |gateway| {
        gateway.binds.len()
    }),
    ("binds_bound", "Binds that are connected", |gateway| {
        let bound = gateway
            .binds
            .iter()
            .filter(|bind| bind.connected_since.is_some());
        bound.count()
    }),
    ("window", "Most parts in flight", |gateway| {
        gateway.binds.iter().map(|bind| bind.window).sum()
    }),
    ("in_flight", "Parts in flight", |gateway| {
        gateway.binds.iter().map(|bind| bind.in_flight).sum()
    }),
    (
        "queue",
        "Messages handed over whose outcome is not known yet",
        |gateway| gateway.queue,
    ),
    (
        "parts_per_second",
        "Parts that the provider takes at present",
        |gateway| gateway.rate as usize,
    ),
];

fn gateways(registry: &mut Registry, gateways: Vec<(GatewayState, u64)>) {
    let registry = registry.sub_registry_with_prefix("gateway");
    for (name, help, level) in LEVELS {
        let family = Family::<Way, Gauge>::default();
        for (gateway, _) in &gateways {
            let level = i64::try_from(level(gateway)).unwrap_or(i64::MAX);
            family.get_or_create(&way(gateway)).set(level);
        }
        registry.register(name, help, family);
    }
    let (sent, matched) = (
        Family::<Way, Counter>::default(),
        Family::<Way, Counter>::default(),
    );
    for (gateway, receipts) in &gateways {
        sent.get_or_create(&way(gateway)).inc_by(gateway.sent);
        matched.get_or_create(&way(gateway)).inc_by(*receipts);
    }
    registry.register("parts_sent", "Parts that the provider has taken", sent);
    let help = "Receipts that have found their message";
    registry.register("receipts_matched", help, matched);
}

fn way(gateway: &GatewayState) -> Way {
    Way {
        gateway: gateway.name.clone(),
    }
}
