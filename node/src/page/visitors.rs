//! Who may see the page: links that open it once, and the sessions that they began.
//!
//! Nothing of it is written down. A session ends with what it was begun under: when the home is locked, and
//! with the node.

use blake3::Hash;
use circlet_model::key::Rng;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a link waits to be opened: a browser that starts cold on a busy computer needs half of it.
const LINK: Duration = Duration::from_mins(1);

/// The most links that wait, and the most sessions: a person has a few windows; beyond that the oldest ends.
const MOST: usize = 16;

/// Who may see the page.
#[derive(Debug, Default)]
pub(super) struct Visitors(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    links: Vec<Link>,
    sessions: Vec<Session>,
}

/// A link that opens the page once. What it says is kept as a hash only.
#[derive(Debug)]
struct Link {
    code: Hash,
    until: Instant,
    under: Under,
    began: Option<Hash>,
}

#[derive(Debug)]
struct Session {
    id: Hash,
    under: Under,
    /// While the home is being set up: what the person wants to be called.
    name: Option<String>,
}

/// What a link or a session stands under.
#[derive(Clone, Debug)]
pub(super) enum Under {
    /// The home that is open: over when it is locked.
    Open(CancellationToken),
    /// The home that is to be set up or unlocked: shows what asks for that, and nothing else.
    Before,
}

/// What comes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// A session begins, with this in its cookie.
    Now(String),
    /// Whoever follows it is in already.
    Already,
    /// Somebody followed it before: what they began has ended.
    Twice,
    /// It says nothing to us.
    Unknown,
}

/// A session that stands.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    id: Hash,
    /// Whether the home was open for them, and still is.
    pub(super) inside: bool,
    /// What the person wants to be called.
    pub(super) name: Option<String>,
}

impl Visitors {
    /// Returns the code of a new link.
    pub(super) fn link(&self, rng: &mut Rng<'_>, now: Instant, under: Under) -> String {
        let code = secret(rng);
        let mut book = self.book(now);
        make_room(&mut book.links);
        book.links.push(Link {
            code: blake3::hash(code.as_bytes()),
            until: now + LINK,
            under,
            began: None,
        });
        code
    }

    /// Follows a link, with the cookie that came along.
    pub(super) fn open(
        &self,
        rng: &mut Rng<'_>,
        now: Instant,
        code: &str,
        cookie: Option<&str>,
    ) -> Opened {
        let code = blake3::hash(code.as_bytes());
        let mut book = self.book(now);
        let Some(link) = book.links.iter_mut().find(|link| link.code == code) else {
            return Opened::Unknown;
        };
        if let Some(began) = link.began {
            let theirs = cookie.map(|cookie| blake3::hash(cookie.as_bytes()));
            if theirs == Some(began) {
                return Opened::Already;
            }
            book.sessions.retain(|session| session.id != began);
            return Opened::Twice;
        }
        let cookie = secret(rng);
        let id = blake3::hash(cookie.as_bytes());
        link.began = Some(id);
        let under = link.under.clone();
        make_room(&mut book.sessions);
        let name = None;
        book.sessions.push(Session { id, under, name });
        Opened::Now(cookie)
    }

    /// Returns whose cookie this is.
    pub(super) fn find(&self, now: Instant, cookie: &str) -> Option<Visitor> {
        let id = blake3::hash(cookie.as_bytes());
        let book = self.book(now);
        let session = book.sessions.iter().find(|session| session.id == id)?;
        Some(Visitor {
            id,
            inside: matches!(session.under, Under::Open(_)),
            name: session.name.clone(),
        })
    }

    /// Notes what somebody wants to be called.
    pub(super) fn call(&self, now: Instant, visitor: &Visitor, name: String) {
        let mut book = self.book(now);
        let mut sessions = book.sessions.iter_mut();
        if let Some(session) = sessions.find(|session| session.id == visitor.id) {
            session.name = Some(name);
        }
    }

    /// Lets somebody who opened the home go on in it.
    pub(super) fn go_on(&self, now: Instant, visitor: &Visitor, open: CancellationToken) {
        let mut book = self.book(now);
        let mut sessions = book.sessions.iter_mut();
        if let Some(session) = sessions.find(|session| session.id == visitor.id) {
            session.under = Under::Open(open);
        }
    }

    /// Ends every link and session that stands under nothing open.
    pub(super) fn leave_before(&self, now: Instant) {
        let mut book = self.book(now);
        book.links.retain(|link| link.under.is_open());
        book.sessions.retain(|session| session.under.is_open());
    }

    /// Returns what stands now.
    fn book(&self, now: Instant) -> MutexGuard<'_, Book> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.links
            .retain(|link| link.until > now && !link.under.is_over());
        book.sessions.retain(|session| !session.under.is_over());
        book
    }
}

impl Under {
    fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    fn is_over(&self) -> bool {
        matches!(self, Self::Open(session) if session.is_cancelled())
    }
}

/// Returns 128 random bits in hexadecimal: nobody guesses them, and they fit a URL and a cookie.
pub(super) fn secret(rng: &mut Rng<'_>) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    crate::handle::hint_hex(bytes)
}

fn make_room<T>(list: &mut Vec<T>) {
    if list.len() >= MOST {
        list.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::fresh_rng;

    fn open(visitors: &Visitors, now: Instant, code: &str, cookie: Option<&str>) -> Opened {
        visitors.open(&mut fresh_rng().unwrap(), now, code, cookie)
    }

    /// Returns a book with one link.
    fn linked(now: Instant) -> (Visitors, CancellationToken, String) {
        let (visitors, under) = (Visitors::default(), CancellationToken::new());
        let code = visitors.link(&mut fresh_rng().unwrap(), now, Under::Open(under.clone()));
        (visitors, under, code)
    }

    #[test]
    fn a_link_opens_once_and_a_second_time_ends_what_it_began() {
        let now = Instant::now();
        let (visitors, _under, code) = linked(now);
        assert_eq!(open(&visitors, now, "other", None), Opened::Unknown);
        let Opened::Now(cookie) = open(&visitors, now, &code, None) else {
            panic!("a fresh link opens");
        };
        assert!(visitors.find(now, &cookie).is_some());
        assert_eq!(open(&visitors, now, &code, Some(&cookie)), Opened::Already);
        assert!(visitors.find(now, &cookie).is_some());
        assert_eq!(open(&visitors, now, &code, None), Opened::Twice);
        assert!(visitors.find(now, &cookie).is_none());
    }

    #[test]
    fn a_link_is_over_after_a_minute_and_a_session_is_not() {
        let now = Instant::now();
        let (visitors, _under, code) = linked(now);
        assert_eq!(open(&visitors, now + LINK, &code, None), Opened::Unknown);
        let (visitors, _under, code) = linked(now);
        let Opened::Now(cookie) = open(&visitors, now, &code, None) else {
            panic!("a fresh link opens");
        };
        assert!(visitors.find(now + LINK * 1000, &cookie).is_some());
    }

    #[test]
    fn what_it_was_begun_under_ends_it() {
        let (now, visitors) = (Instant::now(), Visitors::default());
        let begin = || {
            let code = visitors.link(&mut fresh_rng().unwrap(), now, Under::Before);
            let Opened::Now(cookie) = open(&visitors, now, &code, None) else {
                panic!("a fresh link opens");
            };
            cookie
        };
        let (cookie, other) = (begin(), begin());
        let visitor = visitors.find(now, &cookie).unwrap();
        visitors.call(now, &visitor, "Ana".to_owned());
        let visitor = visitors.find(now, &cookie).unwrap();
        assert_eq!(
            (visitor.inside, visitor.name.as_deref()),
            (false, Some("Ana"))
        );
        let home = CancellationToken::new();
        visitors.go_on(now, &visitor, home.clone());
        visitors.leave_before(now);
        assert!(visitors.find(now, &other).is_none());
        assert!(visitors.find(now, &cookie).unwrap().inside);
        home.cancel();
        assert!(visitors.find(now, &cookie).is_none());
    }

    #[test]
    fn a_link_that_waits_ends_too() {
        let now = Instant::now();
        let (visitors, under, code) = linked(now);
        under.cancel();
        assert_eq!(open(&visitors, now, &code, None), Opened::Unknown);
    }

    #[test]
    fn only_so_many_are_kept() {
        let now = Instant::now();
        let (visitors, under, first) = linked(now);
        let mut cookies = Vec::new();
        for _ in 0..=MOST {
            let under = Under::Open(under.clone());
            let code = visitors.link(&mut fresh_rng().unwrap(), now, under);
            let Opened::Now(cookie) = open(&visitors, now, &code, None) else {
                panic!("a fresh link opens");
            };
            cookies.push(cookie);
        }
        assert_eq!(open(&visitors, now, &first, None), Opened::Unknown);
        assert!(visitors.find(now, &cookies[0]).is_none());
        assert!(visitors.find(now, &cookies[MOST]).is_some());
    }
}
