//! Errors as the API speaks them: a status, a code that programs read, a message that says what
//! was wrong with what.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::store::StoreError;

/// What a handler answers when it cannot do what was asked: `{"error": {"code", "message"}}`.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Seconds after which trying again makes sense.
    retry_after: Option<u64>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// 400: the request is not one.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestError", message)
    }

    /// 400: an argument is not of its kind.
    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidArgumentError", message)
    }

    /// 400: it will be there later.
    pub(crate) fn not_available_yet(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NotAvailableYet", message)
    }
    /// 401: no key.
    pub(crate) fn authentication_required() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "AuthenticationRequiredError",
            "X-Apikey header is missing",
        )
    }

    /// 401: a key that opens nothing.
    pub(crate) fn wrong_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "WrongCredentialsError",
            "Wrong API key",
        )
    }

    /// 401: the key of somebody who is switched off.
    pub(crate) fn user_not_active() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UserNotActiveError",
            "User is not active",
        )
    }

    /// 403: known who asks, and it is not theirs.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenError", message)
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundError", message)
    }

    /// Whether it says that there is nothing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// 409.
    pub(crate) fn already_exists(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "AlreadyExistsError", message)
    }

    /// 413: more bytes than are taken.
    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BadRequestError", message)
    }

    /// 429: more than the quota allows until it is renewed.
    pub(crate) fn quota_exceeded() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "QuotaExceededError",
            "Quota exceeded",
        )
    }

    /// 429: faster than the tier allows.
    pub(crate) fn too_many_requests(retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsError",
                format!("Too many requests in a minute; try again in {retry_after} s"),
            )
        }
    }

    /// 500: a fault of ours. What it was stands in the log, not in the answer.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "The server failed on this request; its log says why",
        )
    }

    /// 503: may work when tried again.
    pub(crate) fn transient(message: impl Into<String>) -> Self {
        Self {
            retry_after: Some(5),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "TransientError", message)
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Nul => return Self::invalid_argument("A text holds U+0000"),
            // PostgreSQL's word for the same, of an argument that was only looked for.
            StoreError::Database(sqlx::Error::Database(refused))
                if refused.code().as_deref() == Some("22021") =>
            {
                return Self::invalid_argument("A text holds U+0000");
            }
            StoreError::NoSpace { .. } => {
                tracing::error!(%error, "an upload was refused");
                return Self::transient("The disk is full; nothing was stored");
            }
            StoreError::Moved { .. } => {
                return Self::transient("This store is only read any more: it was moved");
            }
            _ => {}
        }
        tracing::error!(%error, "the store failed");
        Self::transient("The store did not answer; nothing was changed")
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}
