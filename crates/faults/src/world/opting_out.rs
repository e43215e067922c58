//! Contacts who opt out while a campaign is sent to them: by a reply, over the API, and on the page behind their link.

use std::collections::HashSet;
use std::time::Instant;

use anyhow::Context as _;
use clarion_rig::http::Request;
use clarion_rig::wait;
use serde_json::{Value, json};

use super::{KEY, PATIENCE, SENDER, World};
use crate::faults::Policy;
use crate::oracle::Reply;

/// What an opt-out link begins with behind the address of the service.
const PAGE: &str = "/o/";

impl World {
    /// A campaign to numbers that were not written to yet, whose messages hold links to opt out, and the words that its message
    /// begins with.
    pub(crate) fn new_campaign_with_pages(
        &mut self,
        contacts: u32,
        policy: Policy,
    ) -> anyhow::Result<(String, String)> {
        let link = self.opt_out_link()?;
        let (body, tag) = self.new_campaign(contacts, policy);
        let mut body: Value = serde_json::from_str(&body)?;
        body["message"] = json!("{Custom1} {OptOut} {Custom2|.}");
        body["optOutLinkId"] = json!(link);
        Ok((body.to_string(), tag))
    }

    fn opt_out_link(&self) -> anyhow::Result<i64> {
        let answer = self.call(&Request {
            method: "POST",
            path: "/api/OptOutLinks",
            key: KEY,
            body: &json!({"name": "faults"}).to_string(),
        })?;
        let id = answer.body.as_i64();
        id.with_context(|| format!("an opt-out link was answered with {}", answer.status))
    }

    /// Remembers the pages whose addresses the messages hold that were seen.
    pub(crate) fn note_pages(&mut self) {
        self.pages.clear();
        for submit in self.oracle.submits() {
            let link = submit.text.split_once(PAGE);
            if let Some(code) = link.and_then(|(_, rest)| rest.split(' ').next()) {
                let page = format!("{PAGE}{code}");
                self.pages.insert(submit.destination, page);
            }
        }
    }

    /// Has some of the last campaign's contacts who were not written to yet opt out, in one of the three ways by turns, and waits
    /// until that is confirmed.
    pub(crate) fn opt_out(&mut self, contacts: u32, some: usize) -> anyhow::Result<()> {
        let written: HashSet<_> = self
            .oracle
            .submits()
            .into_iter()
            .filter(|submit| submit.accepted)
            .map(|submit| submit.destination)
            .collect();
        let numbers = (0..contacts).map(|index| self.number(index));
        let mut numbers: Vec<_> = numbers.filter(|number| !written.contains(number)).collect();
        numbers.truncate(some);
        let replying = numbers.iter().step_by(3);
        let replies = replying.len();
        self.oracle.reply(replying.map(|number| Reply {
            from: number.clone(),
            to: SENDER.to_owned(),
            text: "STOP",
        }));
        for number in numbers.iter().skip(1).step_by(3) {
            let body = json!({"phoneNumber": format!("+{number}")}).to_string();
            self.opts_out(number, ("/api/OptOuts", KEY, &body), 201)?;
        }
        for number in numbers.iter().skip(2).step_by(3) {
            let page = self.pages.get(number).cloned();
            let page = page.with_context(|| format!("{number} has no page to opt out on"))?;
            self.opts_out(number, (&page, "", ""), 303)?;
        }
        let heeded = wait::until(PATIENCE, || self.oracle.heeded().len() == replies);
        anyhow::ensure!(heeded, "replies were not acknowledged");
        self.opted_out.extend(self.oracle.heeded());
        Ok(())
    }

    /// Opts a number out by a request: its path, its key and its body.
    fn opts_out(
        &mut self,
        number: &str,
        (path, key, body): (&str, &str, &str),
        expected: u16,
    ) -> anyhow::Result<()> {
        let request = Request {
            method: "POST",
            path,
            key,
            body,
        };
        let status = self.call(&request)?.status;
        anyhow::ensure!(
            status == expected,
            "an opt-out was answered with {status}: {path}"
        );
        self.opted_out.push((number.to_owned(), Instant::now()));
        Ok(())
    }
}
