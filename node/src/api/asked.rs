//! What a request carries: a JSON body, and which circle it means. What does not fit becomes a
//! [`Problem`], never a library's own words.

use super::select;
use crate::handle::Select;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The JSON body of a request.
pub(crate) struct Asked<T>(pub(crate) T);

/// What stands behind the question mark.
pub(crate) struct Choice {
    /// Which circle.
    pub(crate) circle: Select,
    /// All rather than the newest.
    pub(crate) all: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    circle: Option<String>,
    #[serde(default)]
    all: bool,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| Problem::not_understood("the request is too large"))?;
        let value = serde_json::from_slice(&bytes);
        value
            .map(Self)
            .map_err(|_| Problem::not_understood("the request's fields"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Choice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let fields = Query::<Fields>::from_request_parts(parts, state).await;
        let Query(Fields { circle, all }) =
            fields.map_err(|_| Problem::not_understood("what stands behind the question mark"))?;
        Ok(Self {
            circle: select(circle),
            all,
        })
    }
}
