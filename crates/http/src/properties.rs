//! The properties of a small document: a body that is read as a whole.

use actix_web::web::Query;
use chrono::{DateTime, Utc};
use clarion_domain::fault::Faults;
use serde_json::{Map, Value};
use std::marker::PhantomData;

use crate::body::{Meter, json};
use crate::dates;
use crate::problem::Problem;

/// The properties of a document, and what is wrong with their types. One that is null counts as missing.
pub(crate) struct Properties {
    object: Map<String, Value>,
    faults: Faults,
}

impl Properties {
    /// Reads a body, which the limit on everything around contacts keeps small.
    pub(crate) fn read(body: Meter) -> Result<Self, Problem> {
        match json::read(body, PhantomData::<Value>)? {
            Value::Object(object) => Ok(Self {
                object,
                faults: Faults::default(),
            }),
            _ => {
                let message = "the body must be a JSON object";
                Err(Problem::unreadable("$", message.to_owned()))
            }
        }
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => self.fault(name, "must be a string"),
        }
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        let integer = self.take(name)?.as_i64();
        integer.or_else(|| self.fault(name, "must be an integer"))
    }

    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let boolean = self.take(name)?.as_bool();
        boolean.or_else(|| self.fault(name, "must be true or false"))
    }

    pub(crate) fn moment(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let value = self.take(name)?;
        let moment = value.as_str().and_then(dates::read);
        moment.or_else(|| {
            self.fault(
                name,
                "must be an ISO 8601 date-time, as in 2023-06-27T03:04:01.374Z",
            )
        })
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        let texts = match self.take(name)? {
            Value::Array(values) => values.into_iter().map(text).collect(),
            _ => None,
        };
        texts.or_else(|| self.fault(name, "must be an array of strings"))
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(object) => Some(object),
            _ => self.fault(name, "must be an object"),
        }
    }

    /// `Ok` where every property that was read is of its type.
    pub(crate) fn check(self) -> Result<(), Problem> {
        self.faults.into_result().map_err(Problem::invalid)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn fault<T>(&mut self, name: &'static str, message: &'static str) -> Option<T> {
        self.faults.add(name, message);
        None
    }
}

/// A whole number among the parameters of a query.
///
/// # Errors
/// The parameter is there and holds something else.
pub(crate) fn integer_parameter(query: &str, name: &str) -> Result<Option<i64>, Problem> {
    let Some(value) = text_parameter(query, name) else {
        return Ok(None);
    };
    match value.trim().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => {
            let mut faults = Faults::default();
            faults.add(name, "must be an integer");
            Err(Problem::invalid(faults))
        }
    }
}

/// A parameter of a query; the first where it is given twice.
pub(crate) fn text_parameter(query: &str, name: &str) -> Option<String> {
    let parameters = Query::<Vec<(String, String)>>::from_query(query);
    let parameters = parameters.map(Query::into_inner).unwrap_or_default();
    let mut given = parameters.into_iter();
    let (_, value) = given.find(|(given, _)| given.eq_ignore_ascii_case(name))?;
    Some(value)
}
