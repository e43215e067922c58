//! What the page behind an opt-out link asks and does: no key is needed, the link itself tells whose it is.

use clarion_domain::opt_out::OptOutSource;
use clarion_domain::recipient::RecipientKey;
use clarion_persistence::opt_out_links::{self, Behind};
use clarion_persistence::opt_outs::{self, ConsentChange};

use super::State;
use crate::problem::Problem;

/// What somebody does on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageConsent {
    OptOut,
    /// Takes that back.
    Undo,
}

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

    /// Records that the recipient has opted out, or wants messages again.
    pub(crate) async fn consent_by_link(
        &self,
        recipient: RecipientKey,
        behind: Behind,
        consent: PageConsent,
    ) -> Result<(), Problem> {
        let at = self.now();
        let evidence = format!("the page of the link in message {}", recipient.message_id());
        self.store
            .write(move |conn| {
                let change = ConsentChange {
                    scope: behind.scope.clone(),
                    source: OptOutSource::Link,
                    probable: false,
                    evidence: Some(&evidence),
                    at,
                };
                let (client, number) = (behind.client, behind.number);
                match consent {
                    PageConsent::OptOut => {
                        opt_outs::record(conn, client, number, &change).map(drop)
                    }
                    PageConsent::Undo => opt_outs::undo(conn, client, number, &change).map(drop),
                }
            })
            .await?;
        Ok(())
    }
}
