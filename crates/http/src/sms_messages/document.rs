//! The document of a message to be sent.

use clarion_domain::fault::Faults;
use clarion_domain::message::MessageDraft;
use serde::de::{Error, MapAccess};

use crate::body::given::{self, ReadGiven};
use crate::body::value::{Any, Read};
use crate::body::{Meter, json};
use crate::problem::Problem;

const PROPERTIES: [&str; 3] = ["message", "sender", "phoneNumber"];

/// Reads the whole body.
pub(super) fn read(body: Meter) -> Result<MessageDraft, Problem> {
    json::read(body, Any(ReadMessage))?.map_err(Problem::invalid)
}

struct ReadMessage;

impl<'de> Read<'de> for ReadMessage {
    type Value = Result<MessageDraft, Faults>;

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut texts = [const { None }; PROPERTIES.len()];
        let mut faults = Faults::default();
        while let Some(name) = object.next_key::<String>()? {
            let given = object.next_value_seed(Any(ReadGiven::default()))?;
            let Some(place) = PROPERTIES.iter().position(|known| *known == name) else {
                continue;
            };
            match given::text(given) {
                Ok(_) if texts[place].is_some() => faults.add(PROPERTIES[place], "is given twice"),
                Ok(text) => texts[place] = Some(text),
                Err(message) => faults.add(PROPERTIES[place], message),
            }
        }
        let [message, sender, phone_number] = texts.map(Option::flatten);
        let draft = MessageDraft {
            message,
            sender,
            phone_number,
        };
        Ok(faults.into_result().map(|()| draft))
    }

    fn other<E: Error>(self) -> Result<Self::Value, E> {
        Err(E::custom("the body must be a JSON object"))
    }
}
