//! What the page behind an opt-out link asks and does: no key is needed, the link itself tells whose it is.

use clarion_domain::opt_out::OptOutSource;
use clarion_domain::recipient::RecipientKey;
use clarion_persistence::opt_out_links::{self, Behind};
use clarion_persistence::opt_outs::{self, ConsentChange};

use super::State;
use crate::problem::Problem;

impl State {
    /// What is behind a recipient's opt-out link.
    pub(crate) async fn behind_link(
        &self,
        recipient: RecipientKey,
    ) -> Result<Option<Behind>, Problem> {
        let behind = move |conn: &mut _| opt_out_links::behind(conn, recipient);
        Ok(self.store.read(behind).await?)
    }

    /// Whether the recipient is out of what its link is about.
    pub(crate) async fn is_out_by_link(&self, behind: &Behind) -> Result<bool, Problem> {
        let (client, number, scope) = (behind.client, behind.number, behind.scope.clone());
        let is_out = move |conn: &mut _| opt_outs::is_out(conn, client, number, &scope);
        Ok(self.store.read(is_out).await?)
    }

    /// Records that the recipient has opted out.
    pub(crate) async fn opt_out_by_link(
        &self,
        recipient: RecipientKey,
        behind: Behind,
    ) -> Result<(), Problem> {
        let (now, evidence) = (self.now(), evidence(recipient));
        self.store
            .write(move |conn| {
                let change = change(&behind, &evidence, now);
                opt_outs::record(conn, behind.client, behind.number, &change).map(|_| ())
            })
            .await?;
        Ok(())
    }

    /// Records that the recipient wants messages again.
    pub(crate) async fn opt_in_by_link(
        &self,
        recipient: RecipientKey,
        behind: Behind,
    ) -> Result<(), Problem> {
        let (now, evidence) = (self.now(), evidence(recipient));
        self.store
            .write(move |conn| {
                let change = change(&behind, &evidence, now);
                opt_outs::undo(conn, behind.client, behind.number, &change).map(|_| ())
            })
            .await?;
        Ok(())
    }
}

fn evidence(recipient: RecipientKey) -> String {
    format!("the page of the link in message {}", recipient.message_id())
}

fn change<'a>(
    behind: &Behind,
    evidence: &'a str,
    at: chrono::DateTime<chrono::Utc>,
) -> ConsentChange<'a> {
    ConsentChange {
        scope: behind.scope.clone(),
        source: OptOutSource::Link,
        probable: false,
        evidence: Some(evidence),
        at,
    }
}
