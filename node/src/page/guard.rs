//! The guard before the page: what every request over loopback has to show before anything else is read.
//!
//! ```text
//! one Host, ours ─► Sec-Fetch-Site, if it is there ─► CSRF rule ─► path ─► session (in `door`)
//! ```
//!
//! Any program and any web page on this computer can send requests to a port. A name that somebody
//! else's server points to this computer has another Host; a page on another site or port says so in
//! Sec-Fetch-Site, which no script can set. Every answer carries the policy, those that refuse too.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use tower_http::csrf::CsrfLayer;

/// Where a request came from, as the browser says.
const FETCH_SITE: &str = "sec-fetch-site";

/// What the browser may do with the page: show it, with our style and script, and post to us; nothing
/// else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types circle";

/// The headers of every answer. (`no-referrer` would make browsers post with `Origin: null`.)
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Puts the guard before a router that answers as `host`, such as `127.0.0.1:40123`.
pub(super) fn before(router: Router, host: String) -> Router {
    let check = move |request: Request, next: Next| {
        let refused = refusal(&request, &host);
        async move {
            match refused {
                Some(status) => status.into_response(),
                None => next.run(request).await,
            }
        }
    };
    router
        .layer(CsrfLayer::new())
        .layer(from_fn(check))
        .layer(map_response(policy))
}

/// Returns why a request is refused, if it is.
fn refusal(request: &Request, host: &str) -> Option<StatusCode> {
    if request.uri().authority().is_some() || only(request.headers(), "host") != Some(host) {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    }
    let site = request.headers().contains_key(FETCH_SITE);
    match only(request.headers(), FETCH_SITE) {
        Some("same-origin" | "none") => None,
        None if !site => None,
        _ => Some(StatusCode::FORBIDDEN),
    }
}

/// Returns the value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

async fn policy(mut answer: Response) -> Response {
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Method;
    use axum::routing::any;
    use tower::ServiceExt as _;

    const HOST: &str = "127.0.0.1:40123";

    async fn answer(method: Method, uri: &str, headers: &[(&str, &str)]) -> Response {
        let router = Router::new().route("/", any(|| async { "in" }));
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let guarded = before(router, HOST.to_owned());
        guarded.oneshot(request).await.unwrap()
    }

    async fn status(method: Method, headers: &[(&str, &str)]) -> u16 {
        answer(method, "/", headers).await.status().as_u16()
    }

    #[tokio::test]
    async fn only_our_own_host_is_answered_and_only_once() {
        let hosts = [
            "evil.example",
            "evil.example:40123",
            "localhost:40123",
            "127.0.0.1",
            "127.0.0.1:40124",
            "127.0.0.1:40123.",
        ];
        for host in hosts {
            assert_eq!(status(Method::GET, &[("host", host)]).await, 421, "{host}");
        }
        assert_eq!(status(Method::GET, &[]).await, 421);
        let twice = [("host", HOST), ("host", HOST)];
        assert_eq!(status(Method::GET, &twice).await, 421);
        let whole = format!("http://{HOST}/");
        let whole = answer(Method::GET, &whole, &[("host", HOST)]).await;
        assert_eq!(whole.status(), 421, "a proxy's form");
        assert_eq!(status(Method::GET, &[("host", HOST)]).await, 200);
    }

    #[tokio::test]
    async fn another_site_is_turned_away_even_when_it_only_looks() {
        for site in ["cross-site", "same-site", "", "same-origin, none"] {
            let headers = [("host", HOST), (FETCH_SITE, site)];
            assert_eq!(status(Method::GET, &headers).await, 403, "{site}");
            assert_eq!(status(Method::POST, &headers).await, 403, "{site}");
        }
        let two = [("host", HOST), (FETCH_SITE, "none"), (FETCH_SITE, "none")];
        assert_eq!(status(Method::GET, &two).await, 403);
        for site in ["same-origin", "none"] {
            let headers = [("host", HOST), (FETCH_SITE, site)];
            assert_eq!(status(Method::GET, &headers).await, 200);
            assert_eq!(status(Method::POST, &headers).await, 200);
        }
    }

    #[tokio::test]
    async fn an_older_browser_posts_from_our_own_origin_only() {
        let origins = [
            ("http://127.0.0.1:40123", 200),
            ("http://127.0.0.1:40124", 403),
            ("http://localhost:40123", 403),
            ("https://evil.example", 403),
            ("null", 403),
        ];
        for (origin, expected) in origins {
            let headers = [("host", HOST), ("origin", origin)];
            assert_eq!(status(Method::POST, &headers).await, expected, "{origin}");
        }
    }

    #[tokio::test]
    async fn every_answer_carries_the_policy() {
        let refused = [("host", "evil.example")];
        let forged = [("host", HOST), ("origin", "https://evil.example")];
        let fine = [("host", HOST)];
        let asked = [
            (Method::GET, refused.as_slice()),
            (Method::POST, forged.as_slice()),
            (Method::GET, fine.as_slice()),
        ];
        for (method, headers) in asked {
            let answer = answer(method, "/", headers).await;
            for (name, value) in HEADERS {
                assert_eq!(answer.headers()[&name], value);
            }
        }
    }
}
