use domain::Subject;
use proptest::prelude::*;

use super::*;

fn principal(issuer: &str, subject: &str) -> Principal {
    let (issuer, subject) = (Issuer::parse(issuer).ok(), Subject::parse(subject).ok());
    Principal { issuer, subject, ..Principal::default() }
}

fn with(ids: &[&[u8]]) -> HeaderMap {
    let ids = ids.iter().map(|id| (MCP_SESSION_ID, HeaderValue::from_bytes(id).unwrap()));
    let mut headers = HeaderMap::new();
    for (name, id) in ids {
        headers.append(name, id);
    }
    headers
}

fn ids(headers: &HeaderMap) -> Vec<&[u8]> {
    headers.get_all(MCP_SESSION_ID).iter().map(HeaderValue::as_bytes).collect()
}

fn seal(seal: &SessionSeal, id: &[u8], owner: &Principal) -> Vec<u8> {
    let mut headers = with(&[id]);
    seal.seal(&mut headers, owner);
    let sealed = ids(&headers);
    assert_eq!(sealed.len(), 1);
    sealed[0].to_owned()
}

/// Returns the session id that the guard, by `seal`, passes on to its service when `caller` sends
/// the ids `ids_sent`.
fn open(seal: &SessionSeal, ids_sent: &[&[u8]], caller: &Principal) -> Vec<u8> {
    let mut headers = with(ids_sent);
    seal.open(&mut headers, caller);
    let seen = ids(&headers);
    assert_eq!(seen.len(), 1, "it sees one id");
    seen[0].to_owned()
}

fn is_unknown(seen: &[u8]) -> bool {
    seen.len() == 32 && seen.iter().all(u8::is_ascii_hexdigit)
}

#[test]
fn a_session_comes_back_to_its_owner_alone() {
    let seals = SessionSeal::new();
    let ada = principal("https://a.test", "ada");
    let sealed = seal(&seals, b"session-1", &ada);
    assert!(sealed.starts_with(b"session-1."));
    assert!(sealed.iter().all(u8::is_ascii_graphic));
    assert_eq!(open(&seals, &[&sealed], &ada), b"session-1");
    for other in [
        principal("https://a.test", "bob"),
        principal("https://b.test", "ada"),
        principal("", "ada"),
        principal("https://a.test", ""),
    ] {
        assert!(is_unknown(&open(&seals, &[&sealed], &other)), "{other:?}");
    }
    let later_start = SessionSeal::new();
    assert!(is_unknown(&open(&later_start, &[&sealed], &ada)));
}

#[test]
fn a_letter_that_moves_to_the_next_name_makes_another_owner() {
    let seals = SessionSeal::new();
    let sealed = seal(&seals, b"1", &principal("https://a.test", "1ada"));
    let other = principal("https://a.test1", "ada");
    assert!(is_unknown(&open(&seals, &[&sealed], &other)));
    let moved = [b"1https://", &sealed[1..]].concat();
    assert!(is_unknown(&open(&seals, &[&moved], &principal("a.test", "1ada"))));
}

#[test]
fn an_id_without_a_seal_and_a_damaged_one_are_unknown() {
    let seals = SessionSeal::new();
    let ada = principal("https://a.test", "ada");
    let sealed = seal(&seals, b"session-1", &ada);
    assert!(is_unknown(&open(&seals, &[b"session-1"], &ada)));
    assert!(is_unknown(&open(&seals, &[b""], &ada)));
    assert!(is_unknown(&open(&seals, &[&sealed[1..]], &ada)));
    assert!(is_unknown(&open(&seals, &[&sealed[..sealed.len() - 1]], &ada)));
    assert!(is_unknown(&open(&seals, &[&sealed.to_ascii_uppercase()], &ada)));
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] = if damaged[at] == b'0' { b'1' } else { b'0' };
        assert!(is_unknown(&open(&seals, &[&damaged], &ada)), "at {at}");
    }
    let unknown = || open(&seals, &[b"session-1"], &ada);
    assert_ne!(unknown(), unknown(), "each is another");
}

#[test]
fn of_several_ids_none_counts() {
    let seals = SessionSeal::new();
    let ada = principal("https://a.test", "ada");
    let (one, two) = (seal(&seals, b"1", &ada), seal(&seals, b"2", &ada));
    assert!(is_unknown(&open(&seals, &[&one, &two], &ada)));
    assert!(is_unknown(&open(&seals, &[&one, &one], &ada)));

    let mut answer = with(&[b"1", b"2"]);
    seals.seal(&mut answer, &ada);
    assert_eq!(ids(&answer), [&one[..], &two[..]]);
}

#[test]
fn a_principal_without_a_subject_owns_nothing() {
    let seals = SessionSeal::new();
    let nobody = principal("https://a.test", "");
    let mut headers = with(&[b"session-1"]);
    seals.seal(&mut headers, &nobody);
    assert!(headers.is_empty());
}

#[test]
fn without_random_bytes_no_session_has_an_owner() {
    let seals = SessionSeal { key: None };
    let ada = principal("https://a.test", "ada");
    let mut headers = with(&[b"session-1"]);
    seals.seal(&mut headers, &ada);
    assert!(headers.is_empty());
    assert!(is_unknown(&open(&seals, &[&seal(&SessionSeal::new(), b"1", &ada)], &ada)));
}

#[test]
fn other_headers_stay_as_they_are() {
    let seals = SessionSeal::new();
    let ada = principal("https://a.test", "ada");
    let mut headers = HeaderMap::new();
    headers.insert("last-event-id", HeaderValue::from_static("7"));
    let before = headers.clone();
    seals.open(&mut headers, &ada);
    seals.seal(&mut headers, &ada);
    assert_eq!(headers, before);
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", SessionSeal::new()), "SessionSeal { .. }");
}

proptest! {
    #[test]
    fn any_id_comes_back_to_its_owner_and_to_no_other(
        id in prop::collection::vec(0x20..=0x7e_u8, 0..80),
        owner in ("[a-z:/.]{0,3}", "[a-z:/.]{1,3}"),
        other in ("[a-z:/.]{0,3}", "[a-z:/.]{0,3}"),
    ) {
        let seals = SessionSeal::new();
        let owner = principal(&owner.0, &owner.1);
        let other = principal(&other.0, &other.1);
        let sealed = seal(&seals, &id, &owner);
        prop_assert_eq!(&open(&seals, &[&sealed], &owner), &id);
        if (&owner.issuer, &owner.subject) != (&other.issuer, &other.subject) {
            prop_assert!(is_unknown(&open(&seals, &[&sealed], &other)));
        }
    }

    #[test]
    fn no_value_of_a_client_opens_anything(value in prop::collection::vec(0x20..=0xff_u8, 0..80)) {
        let value: Vec<u8> = value.into_iter().filter(|byte| *byte != 0x7f).collect();
        let seen = open(&SessionSeal::new(), &[&value], &principal("https://a.test", "ada"));
        prop_assert!(is_unknown(&seen));
    }
}
