//! The signature of a delivery.

use std::fmt::Write as _;

use aws_lc_rs::hmac;

/// Value of `ZITADEL-Signature`: the second of the call, and HMAC-SHA256 of it and the body.
pub(super) fn header(key: &str, second: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let message = [second.to_string().as_bytes(), b".", body].concat();
    let mut value = format!("t={second},v1=");
    for byte in hmac::sign(&key, &message).as_ref() {
        // Writing to a string cannot fail.
        let _ = write!(value, "{byte:02x}");
    }
    value
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_signature_is_zitadels() {
        let key = "abcdefghijklmnopqrstuvwxyz0123456789";
        let body = br#"{"aggregateID":"340000000000000001","aggregateType":"user","event_type":"user.deactivated"}"#;
        let right = "fd93b4ddfddeb4c7a9fb09d54f877fb49325588ee8a96af412f81cfb3c4873a9";
        let expected = format!("t=1767225600,v1={right}");
        assert_eq!(super::header(key, 1_767_225_600, body), expected);
    }
}
