//! One address, with the methods that it takes. It knows them by name, so that the description of the API can be held
//! against what is really served.

use actix_web::web::{delete, get, head, post, put};
use actix_web::{FromRequest, Handler, Resource, Responder, Route};

/// A path and what answers there.
pub(super) struct Address {
    path: &'static str,
    routes: Vec<(&'static str, Route)>,
}

/// A method of [`Address`] for each method of HTTP.
macro_rules! takes {
    ($($method:ident)*) => {$(
        pub(super) fn $method<F, Args>(self, handler: F) -> Self
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            self.with(stringify!($method), $method().to(handler))
        }
    )*};
}

impl Address {
    /// The path as the contract spells it.
    pub(super) fn at(path: &'static str) -> Self {
        Self {
            path,
            routes: Vec::new(),
        }
    }

    /// What can be read can also be asked for its headers alone.
    pub(super) fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args> + Clone,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.with("get", get().to(handler.clone()))
            .with("head", head().to(handler))
    }

    takes! { post put delete }

    /// Each method, with the path.
    #[cfg(test)]
    pub(super) fn takes(&self) -> Vec<(&'static str, String)> {
        let methods = self.routes.iter().map(|(method, _)| *method);
        methods
            .map(|method| (method, self.path.to_owned()))
            .collect()
    }

    /// For the router, with the path as it stands below `base`.
    pub(super) fn below(self, base: &str) -> Resource {
        let path = self.path.strip_prefix(base).unwrap_or(self.path);
        self.routes
            .into_iter()
            .fold(Resource::new(folded(path)), |resource, (_, route)| {
                resource.route(route)
            })
    }

    fn with(mut self, method: &'static str, route: Route) -> Self {
        self.routes.push((method, route));
        self
    }
}

/// Words in lower case, names of parameters as they are.
fn folded(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.starts_with('{') {
            true => segment.to_owned(),
            false => segment.to_ascii_lowercase(),
        });
    segments.collect::<Vec<_>>().join("/")
}
