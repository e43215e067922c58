//! What happens to a campaign: its contacts are taken in, it starts in time, its messages go out once each, their
//! outcomes and receipts are written down, and what a crash left behind is cleared up.
//!
//! How a message leaves is unknown here (that is a `Gateway`), and so is who asked for it (that is the crate `http`).
//! Nothing is sent that is not marked in the ledger first, and nothing in the ledger is inferred from memory.

mod binds;
mod claim;
mod clock;
mod core;
mod engine;
mod forecast;
mod intake;
mod journal;
mod lease;
mod node;
mod opt_out_link;
mod pace;
mod preview;
mod progress;
mod receipts;
mod replacement;
mod replies;
mod retry;
mod schedule;
mod send;
mod settle;
mod share;
mod traffic;
mod trouble;
mod upkeep;
mod web_hooks;
mod wording;

pub use clock::SystemClock;
pub use engine::{Engine, EngineSettings, QuietHours, RunningEngine};
pub use forecast::CampaignSchedule;
pub use intake::{
    Addition, GroupAddition, Intake, IntakeRefusal, IntakeReport, InvalidContacts, Load,
    PreviewLoad,
};
pub use node::Attendance;
pub use preview::{CampaignPreview, InvalidByReason, Sending};
pub use traffic::GatewayTraffic;
pub use trouble::Alarms;
pub use web_hooks::Posting;
