use proptest::prelude::*;

use super::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const OTHER_KEY: &str = "9876543210zyxwvutsrqponmlkjihgfedcba";
const TIME: u64 = 1_767_225_600;
const BODY: &str = r#"{"aggregateID":"340000000000000001","aggregateType":"user","event_type":"user.deactivated"}"#;
const SIGNATURE: &str = "fd93b4ddfddeb4c7a9fb09d54f877fb49325588ee8a96af412f81cfb3c4873a9";

fn keys(text: &str) -> SigningKeys {
    SigningKeys::parse(text).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Verifies, by the keys in `text`, a delivery that arrives a second after it was signed.
fn judged(text: &str, header: &str, body: &str) -> Result<(), InvalidSignature> {
    keys(text).verify([header.as_bytes()], body.as_bytes(), at(TIME + 1))
}

fn vector() -> String {
    format!("t={TIME},v1={SIGNATURE}")
}

fn sign(key: &str, time: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, &[time.as_bytes(), b".", body].concat());
    tag.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn a_delivery_that_zitadel_signed_is_believed_by_either_key() {
    for text in [
        KEY.to_owned(),
        format!("{KEY}\n"),
        format!("{KEY}\r\n\r\n{OTHER_KEY}\r\n"),
        format!("{OTHER_KEY}\n{KEY}"),
    ] {
        assert_eq!(judged(&text, &vector(), BODY), Ok(()), "{text:?}");
    }
}

#[test]
fn unknown_parts_and_further_signatures_are_no_fault() {
    let upper = SIGNATURE.to_uppercase();
    for header in [
        format!("v1={SIGNATURE},t={TIME}"),
        format!("t={TIME}, v1={SIGNATURE}"),
        format!("t={TIME},v1={upper}"),
        format!("t={TIME},v0=1,v1={SIGNATURE},x,,=,v2=y"),
        format!("t={TIME},v1={},v1=zz,v1={SIGNATURE}", "0".repeat(64)),
    ] {
        assert_eq!(judged(KEY, &header, BODY), Ok(()), "{header}");
    }
}

#[test]
fn a_delivery_that_was_changed_or_signed_by_another_is_refused() {
    let other = sign(OTHER_KEY, &TIME.to_string(), BODY.as_bytes());
    for (header, body) in [
        (vector(), format!("{BODY} ")),
        (vector(), String::new()),
        (vector(), BODY.replace("user.deactivated", "user.reactivated")),
        (format!("t={},v1={SIGNATURE}", TIME + 1), BODY.to_owned()),
        (format!("t=0{TIME},v1={SIGNATURE}"), BODY.to_owned()),
        (format!("t={TIME},v1={other}"), BODY.to_owned()),
        (format!("t={TIME},v1={}", "0".repeat(64)), BODY.to_owned()),
    ] {
        assert_eq!(judged(KEY, &header, &body), Err(InvalidSignature::UnknownKey), "{header}");
    }
}

#[test]
fn a_header_that_zitadel_does_not_write_is_malformed() {
    let long = format!("{},{}", vector(), "x".repeat(MAX_HEADER));
    for header in [
        "",
        "t",
        ",",
        &format!("t={TIME}"),
        &format!("v1={SIGNATURE}"),
        &format!("t=,v1={SIGNATURE}"),
        &format!("t=-1,v1={SIGNATURE}"),
        &format!("t=+{TIME},v1={SIGNATURE}"),
        &format!("t={},v1={SIGNATURE}", u64::MAX),
        &format!("t=99999999999999999999,v1={SIGNATURE}"),
        &format!("t={TIME},t={TIME},v1={SIGNATURE}"),
        &format!("T={TIME},V1={SIGNATURE}"),
        &format!("t={TIME},v1="),
        &format!("t={TIME},v1={}", SIGNATURE.split_at(62).0),
        &format!("t={TIME},v1={}", SIGNATURE.split_at(63).0),
        &format!("t={TIME},v1={SIGNATURE}00"),
        &format!("t={TIME},v1={}é", SIGNATURE.split_at(62).0),
        &long,
    ] {
        assert_eq!(judged(KEY, header, BODY), Err(InvalidSignature::Malformed), "{header}");
    }
}

#[test]
fn one_header_is_needed_and_two_are_none() {
    let vector = vector();
    let judge =
        |headers: &[&[u8]]| keys(KEY).verify(headers.iter().copied(), BODY.as_bytes(), at(TIME));
    assert_eq!(judge(&[]), Err(InvalidSignature::Missing));
    assert_eq!(judge(&[vector.as_bytes()]), Ok(()));
    assert_eq!(judge(&[vector.as_bytes(); 2]), Err(InvalidSignature::Malformed));
    assert_eq!(judge(&[b"\xff"]), Err(InvalidSignature::Malformed));
}

#[test]
fn a_delivery_counts_for_five_minutes_and_not_before_it_was_signed() {
    for (now, expected) in [
        (at(TIME) - Duration::from_nanos(1), Err(InvalidSignature::Future)),
        (at(TIME - 3_600), Err(InvalidSignature::Future)),
        (UNIX_EPOCH, Err(InvalidSignature::Future)),
        (at(TIME), Ok(())),
        (at(TIME + 300), Ok(())),
        (at(TIME + 300) + Duration::from_nanos(1), Err(InvalidSignature::Old)),
        (at(TIME + 86_400), Err(InvalidSignature::Old)),
    ] {
        let verdict = keys(KEY).verify([vector().as_bytes()], BODY.as_bytes(), now);
        assert_eq!(verdict, expected, "{now:?}");
    }
}

#[test]
fn a_file_holds_one_key_or_two_that_can_be_zitadels() {
    for (text, expected) in [
        (String::new(), SigningKeysError::None),
        (" \r\n\n".to_owned(), SigningKeysError::None),
        (format!("{KEY}\n{OTHER_KEY}\n{KEY}"), SigningKeysError::TooMany),
        ("short".to_owned(), SigningKeysError::TooShort),
        (format!("{KEY}\n{}", "a".repeat(15)), SigningKeysError::TooShort),
        (format!("{KEY} {OTHER_KEY}"), SigningKeysError::ForbiddenCharacter),
        (format!("\u{feff}{KEY}"), SigningKeysError::ForbiddenCharacter),
    ] {
        assert_eq!(SigningKeys::parse(&text), Err(expected), "{text:?}");
    }
}

#[test]
fn no_key_is_shown() {
    assert!(!format!("{:?}", keys(KEY)).contains(KEY));
}

proptest! {
    #[test]
    fn the_right_signature_is_believed_and_no_other_byte_is(
        body in prop::collection::vec(any::<u8>(), 0..200),
        time in 0..4_000_000_000_u64,
        (place, flip) in (any::<prop::sample::Index>(), 1..=255_u8),
    ) {
        let header = format!("t={time},v1={}", sign(KEY, &time.to_string(), &body));
        let judge = |body: &[u8]| keys(KEY).verify([header.as_bytes()], body, at(time));
        prop_assert_eq!(judge(&body), Ok(()));
        let mut other = body;
        other.push(0);
        prop_assert_eq!(judge(&other), Err(InvalidSignature::UnknownKey));
        other.pop();
        if !other.is_empty() {
            let place = place.index(other.len());
            other[place] ^= flip;
            prop_assert_eq!(judge(&other), Err(InvalidSignature::UnknownKey));
        }
    }

    #[test]
    fn no_header_ends_the_program(header in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(keys(KEY).verify([header.as_slice()], b"", at(TIME)).is_err());
    }
}
