//! Who asks, and what that allows. A handler takes a `Caller<Scope>`; without a key that has the scope there is none, and
//! without one there is no way to the database.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::{DateTime, Utc};
use clarion_domain::api_key::{Scope, Scopes};
use clarion_domain::campaign::{Campaign, CampaignContent};
use clarion_domain::client::ClientId;
use clarion_domain::message::MessageDraft;
use clarion_domain::recipient::RecipientKey;
use clarion_engine::{Addition, Intake, InvalidContacts};
use clarion_persistence::{Conn, StoreError};

use super::State;
use crate::problem::{Kind, Problem};

/// Whom a key belongs to, and what it allows. Every request under `/api` has one before it is routed any further.
#[derive(Clone, Copy)]
pub(super) struct Identity {
    pub(super) client: ClientId,
    pub(super) scopes: Scopes,
}

/// A scope as a type, so that a handler's signature says what it needs.
pub(crate) trait Needs: 'static {
    const SCOPE: Scope;
}

/// Reading campaigns.
pub(crate) struct CampaignsRead;

/// Making, changing and deleting campaigns.
pub(crate) struct CampaignsWrite;

/// Sending single messages.
pub(crate) struct MessagesSend;

impl Needs for MessagesSend {
    const SCOPE: Scope = Scope::MessagesSend;
}

impl Needs for CampaignsRead {
    const SCOPE: Scope = Scope::CampaignsRead;
}

impl Needs for CampaignsWrite {
    const SCOPE: Scope = Scope::CampaignsWrite;
}

/// A client whose key allows what the handler does. It is a handler's first parameter: the extractors are asked in their
/// order, and who may not ask at all is told nothing about the rest of the request.
pub(crate) struct Caller<S> {
    state: web::Data<State>,
    client: ClientId,
    needs: PhantomData<S>,
}

/// A handler that needs a caller stands where there is none.
#[derive(Debug, thiserror::Error)]
#[error("the route lies outside of what is authenticated")]
struct Misplaced;

impl<S: Needs> FromRequest for Caller<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let identity = request.extensions().get::<Identity>().copied();
        let state = request.app_data::<web::Data<State>>().cloned();
        ready(match identity.zip(state) {
            Some((identity, state)) => Self::new(identity, state),
            None => Err(Problem::internal(&Misplaced)),
        })
    }
}

impl<S: Needs> Caller<S> {
    fn new(identity: Identity, state: web::Data<State>) -> Result<Self, Problem> {
        if !identity.scopes.allow(S::SCOPE) {
            let detail = format!("the API key lacks the scope {}", S::SCOPE.name());
            return Err(Problem::new(Kind::MissingScope, detail));
        }
        Ok(Self {
            state,
            client: identity.client,
            needs: PhantomData,
        })
    }
}

impl<S> Caller<S> {
    /// The present moment.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.state.now()
    }

    /// Reads what is the caller's.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn, ClientId) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let client = self.client;
        Ok(self
            .state
            .store
            .read(move |conn| work(conn, client))
            .await?)
    }
}

impl Caller<CampaignsWrite> {
    /// Changes what is the caller's, and lets the engine look whether that leaves it something to do.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Conn, ClientId) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let client = self.client;
        let done = self
            .state
            .store
            .write(move |conn| work(conn, client))
            .await?;
        self.wake();
        Ok(done)
    }

    /// Whether what a campaign shall say instead fits every contact that it has.
    pub(crate) async fn check_replacement(
        &self,
        campaign: &Campaign,
        content: &CampaignContent,
    ) -> Result<(), Problem> {
        let engine = &self.state.engine;
        Ok(engine.check_replacement(campaign, content).await?)
    }

    /// Tells the engine that there may be something to send.
    pub(crate) fn wake(&self) {
        self.state.engine.wake();
    }

    /// The way in for a new campaign of the caller's.
    pub(crate) fn intake(&self, invalid: InvalidContacts) -> Intake {
        let phones = self.state.phones.clone();
        self.state.engine.intake(self.client, phones, invalid)
    }

    /// The way in for more contacts of a campaign of the caller's.
    pub(crate) fn addition(&self, campaign: Campaign, invalid: InvalidContacts) -> Addition {
        let phones = self.state.phones.clone();
        self.state.engine.addition(campaign, phones, invalid)
    }
}

impl Caller<MessagesSend> {
    /// Sends a message of the caller's at once.
    pub(crate) async fn send(&self, draft: MessageDraft) -> Result<RecipientKey, Problem> {
        let engine = &self.state.engine;
        let message = draft
            .check(&self.state.phones, engine.segment_limit())
            .map_err(Problem::invalid)?;
        Ok(engine.send_direct(self.client, message).await?)
    }
}
