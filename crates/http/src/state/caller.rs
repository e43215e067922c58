//! Who asks, and what that allows. A handler takes a `Caller<Scope>`; without a key that has the scope there is none, and
//! without one there is no way to the database.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::{DateTime, Utc};
use clarion_domain::api_key::{Scope, Scopes};
use clarion_domain::campaign::{Campaign, CampaignContent};
use clarion_domain::client::{ClientId, FIRST_CLIENT};
use clarion_domain::contact_group::ContactGroupId;
use clarion_domain::message::MessageDraft;
use clarion_domain::opt_out::KeywordRules;
use clarion_domain::phone::PhoneRules;
use clarion_domain::recipient::RecipientKey;
use clarion_domain::web_hook::WebHookId;
use clarion_engine::{
    Addition, CampaignPreview, CampaignSchedule, GatewayTraffic, GroupAddition, Intake,
    InvalidContacts, PreviewLoad,
};
use clarion_persistence::contact_groups::ContactGroup;
use clarion_persistence::{Conn, StoreError};

use super::State;
use super::once::Once;
use super::writer::Writer;
use crate::problem::{Kind, Problem};
use crate::reply::Reply;

/// Whom a key belongs to, and what it allows. Every request under `/api` has one before it is routed any further.
#[derive(Clone, Copy)]
pub(super) struct Identity {
    pub(super) key: i64,
    pub(super) client: ClientId,
    pub(super) scopes: Scopes,
}

impl Identity {
    pub(super) fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.allow(scope) {
            return Ok(());
        }
        let detail = format!("the API key lacks the scope {}", scope.name());
        Err(Problem::new(Kind::MissingScope, detail))
    }
}

/// A scope as a type, so that a handler's signature says what it needs.
pub(crate) trait Needs: 'static {
    const SCOPE: Scope;
}

/// Reading campaigns.
pub(crate) struct CampaignsRead;

/// Making, changing and deleting campaigns.
pub(crate) struct CampaignsWrite;

/// Reading contact groups.
pub(crate) struct ContactsRead;

impl Needs for ContactsRead {
    const SCOPE: Scope = Scope::ContactsRead;
}

/// Making, changing and deleting contact groups and their contacts.
pub(crate) struct ContactsWrite;

impl Needs for ContactsWrite {
    const SCOPE: Scope = Scope::ContactsWrite;
}

/// Sending single messages.
pub(crate) struct MessagesSend;

impl Needs for MessagesSend {
    const SCOPE: Scope = Scope::MessagesSend;
}

/// Keys, clients, web hooks and gateways.
pub(crate) struct Admin;

/// A scope of those who change something.
pub(crate) trait Changes: Needs {}

impl Changes for CampaignsWrite {}

impl Changes for ContactsWrite {}

impl Changes for Admin {}

impl Needs for Admin {
    const SCOPE: Scope = Scope::Admin;
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
    once: Once,
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
            Some((identity, state)) => {
                let once = request.extensions().get::<Once>().cloned();
                Self::new(identity, state, once.unwrap_or_default())
            }
            None => Err(Problem::internal(&Misplaced)),
        })
    }
}

impl<S: Needs> Caller<S> {
    fn new(identity: Identity, state: web::Data<State>, once: Once) -> Result<Self, Problem> {
        identity.require(S::SCOPE)?;
        once.needs(S::SCOPE);
        Ok(Self {
            state,
            client: identity.client,
            once,
            needs: PhantomData,
        })
    }
}

impl<S> Caller<S> {
    /// The present moment.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.state.now()
    }

    /// What makes the request have its effect once, for effects that are not written by the caller itself.
    pub(crate) fn once(&self) -> Once {
        self.once.clone()
    }

    /// The words and texts of replies, where a client has not its own.
    pub(crate) fn keyword_rules(&self) -> &KeywordRules {
        self.state.engine.keyword_rules()
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

impl<S: Changes> Caller<S> {
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
        self.state.engine.wake();
        Ok(done)
    }

    /// [`Caller::write`], with the answer recorded beside what it tells where the request must have its effect once.
    pub(crate) async fn write_once<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Conn, ClientId) -> Result<T, StoreError> + Send + 'static,
        reply: impl Fn(&T) -> Option<Reply> + Send + 'static,
    ) -> Result<T, Problem> {
        let once = self.once();
        self.write(move |conn, client| {
            let done = work(conn, client)?;
            if let Some(reply) = reply(&done) {
                once.record(conn, &reply)?;
            }
            Ok(done)
        })
        .await
    }
}

impl Caller<Admin> {
    /// The client whose keys are meant: the caller's own, unless it names another. Only the operator may do that; to others
    /// no client exists beside their own.
    pub(crate) fn acts_for(&self, named: Option<ClientId>) -> Result<ClientId, Problem> {
        match named {
            Some(other) if other != self.client && !self.is_operator() => Err(Problem::no_client()),
            named => Ok(named.unwrap_or(self.client)),
        }
    }

    /// Whether it is of the client that runs the service: the first one.
    pub(crate) fn is_operator(&self) -> bool {
        self.client == FIRST_CLIENT
    }

    pub(crate) fn client(&self) -> ClientId {
        self.client
    }

    /// What there is to see of the gateways.
    pub(crate) async fn gateways(&self) -> Result<Vec<GatewayTraffic>, Problem> {
        Ok(self.state.engine.gateways().await?)
    }

    /// The id of a new web hook.
    pub(crate) fn new_web_hook_id(&self) -> WebHookId {
        self.state.engine.new_web_hook_id()
    }

    /// Most live keys that a client may have.
    pub(crate) fn max_live_keys(&self) -> u32 {
        self.state.max_live_keys
    }
}

impl Caller<CampaignsRead> {
    /// The way in for contacts that are only counted.
    pub(crate) fn preview(&self) -> PreviewLoad {
        let phones = self.state.phones.clone();
        self.state.engine.preview(self.client, phones)
    }

    /// What a pending campaign of the caller's would be.
    pub(crate) async fn preview_stored(
        &self,
        campaign: &Campaign,
    ) -> Result<CampaignPreview, Problem> {
        Ok(self.state.engine.preview_stored(campaign).await?)
    }

    /// When what is left of a campaign of the caller's would be sent.
    pub(crate) async fn schedule(&self, campaign: &Campaign) -> Result<CampaignSchedule, Problem> {
        Ok(self.state.engine.schedule(campaign).await?)
    }

    /// What prices are in, for people to read.
    pub(crate) fn currency(&self) -> String {
        self.state.engine.currency()
    }
}

impl Caller<CampaignsWrite> {
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

impl Caller<ContactsWrite> {
    /// What changes on a thread that reads a body.
    pub(crate) fn writer(&self) -> Writer {
        Writer::new(self.state.clone(), self.client)
    }

    /// The id of a new contact group.
    pub(crate) fn new_group_id(&self) -> ContactGroupId {
        self.state.engine.new_group_id()
    }

    /// The way in for contacts of a group of the caller's.
    pub(crate) fn group_addition(
        &self,
        group: ContactGroup,
        invalid: InvalidContacts,
    ) -> GroupAddition {
        let phones = self.state.phones.clone();
        self.state.engine.group_addition(group, phones, invalid)
    }

    /// The rules of a contact's number.
    pub(crate) fn phones(&self) -> &PhoneRules {
        &self.state.phones
    }
}

impl Caller<MessagesSend> {
    /// Sends a message of the caller's at once, with the answer recorded beside it where the request must have its effect
    /// once.
    pub(crate) async fn send(
        &self,
        draft: MessageDraft,
        reply: impl Fn(RecipientKey) -> Reply + Send + 'static,
    ) -> Result<RecipientKey, Problem> {
        let engine = &self.state.engine;
        let message = draft
            .check(&self.state.phones, engine.segment_limit())
            .map_err(Problem::invalid)?;
        let once = self.once();
        let record = move |conn: &mut Conn, message| once.record(conn, &reply(message));
        Ok(engine
            .send_direct_with(self.client, message, record)
            .await?)
    }
}
