//! `/ip_addresses`: a report on any, on the fly where nobody has said anything about it yet.

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
    Kind::IpAddress,
    "ip_addresses",
    "The address",
    "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$"
);

pub(super) fn routes() -> OpenApiRouter<App> {
    common_routes()
}
