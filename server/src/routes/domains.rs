//! `/domains`: a report on any, on the fly where nobody has said anything about it yet.

use axum::response::Response;
use quorum_core::indicator::Kind;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{NewComment, NewVote};
use super::item::{self, item_routes};
use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask, JsonBody, Path};
use crate::error::ApiError;

item_routes!(
    Kind::Domain,
    "domains",
    "The name, in its ASCII or its own script",
    "^([a-z]{1,9}\\.){1,3}[a-z]{2,6}$"
);

pub(super) fn routes() -> OpenApiRouter<App> {
    common_routes()
}
