//! `/audit`: who did what.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Envelope, Errors};
use crate::app::App;
use crate::ask::{Answer, Ask};
use crate::error::ApiError;
use crate::objects;
use crate::store::AuditFilter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(audit))
}

/// The audit log, newest first: all of it for administrators of the server, what concerns the
/// group for its own.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(
        ("actor" = Option<String>, Query, description = "Who did it"),
        ("action" = Option<String>, Query, description = "Such as `key.revoked`"),
        ("subject" = Option<String>, Query, description = "The name or id of what it was done to"),
        ("group" = Option<String>, Query, description = "Whom it concerns"),
        ("limit" = Option<u32>, Query, minimum = 1), ("cursor" = Option<String>, Query)
    ),
    responses((status = 200, body = Envelope), Errors)
)]
pub(crate) async fn audit(ask: Ask) -> Answer {
    let mut filter = AuditFilter {
        actor: ask.parameter("actor"),
        action: ask.parameter("action"),
        subject: ask.parameter("subject"),
        group: ask.parameter("group"),
    };
    if !ask.account.administrator {
        let own = ask.account.group.as_str();
        if !ask.account.group_administrator || filter.group.is_some_and(|group| group != own) {
            return Err(ApiError::forbidden("This is for administrators"));
        }
        filter.group = Some(own);
    }
    let entries = ask.app.store.audit(filter, ask.page()?).await?;
    Ok(ask.list(entries.map(|entry| objects::audit_entry(&entry))))
}
