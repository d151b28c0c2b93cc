//! Tests of `app check` with a proxy in between, and with invalid proxy variables.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
};

use crate::{
    check::{CHECK, fails, reason, step},
    run::{Environment, at, run, with},
};

const DOMAIN: &str = "https://auth.example.test";

/// Starts a proxy that sends `answer` on two connections, enough for two runs of `check`.
fn proxy(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"CONNECT auth.example.test:443 "));
            let _ = stream.write_all(answer);
        }
    });
    address
}

fn through(proxy: SocketAddr) -> Environment {
    with(at(DOMAIN), "HTTPS_PROXY", format!("http://me:proxy-password@{proxy}"))
}

#[test]
fn a_proxy_is_named_and_blamed_for_what_it_answers() {
    let refuses = "look into its log: its rules may forbid the host or the port (403), or it may \
                   not reach it (502, 503, 504), or it is no HTTP proxy; or name ZITADEL's host in \
                   NO_PROXY";
    let does_not_connect = "does not connect us to https://auth.example.test";
    for (answer, word, found, advice) in [
        (
            &b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..],
            "proxy_credentials",
            "wants a name and a password (407)",
            "put them into HTTPS_PROXY, percent-encoded: http://name:password@host:port; or name \
             ZITADEL's host in NO_PROXY",
        ),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "proxy_refuses", does_not_connect, refuses),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "proxy_refuses", does_not_connect, refuses),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", "proxy_refuses", does_not_connect, refuses),
    ] {
        let address = proxy(answer);
        let environment = through(address);
        assert_eq!(reason(&environment), word);
        let ended = run(CHECK, &environment, "");
        let found = format!("the proxy http://{address} {found}");
        fails(&ended, &ended.stdout, "discovery", &found, advice);
        let configuration = step(&ended.stdout, "configuration");
        let named = format!(", through the proxy http://{address}");
        assert!(configuration.contains(&named), "{configuration}");
        assert!(!ended.stdout.contains("proxy-password"), "{}", ended.stdout);
    }
}

#[test]
fn a_proxy_that_is_none_is_told_from_a_zitadel_that_is_none() {
    for (answer, word) in [
        (&b"220 smtp.example.com ready\r\n"[..], "proxy_refuses"),
        (b"\x05\xff", "proxy_refuses"),
        (b"", "proxy_unreachable"),
    ] {
        assert_eq!(reason(&through(proxy(answer))), word);
    }
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let ended = run(CHECK, &through(nobody), "");
    let step = step(&ended.stdout, "discovery");
    assert!(step.contains("no connection to the proxy http://127.0.0.1:1: "), "{step}");
}

#[test]
fn a_malformed_proxy_is_refused_at_the_start() {
    for (name, value) in [
        ("HTTPS_PROXY", "\"http://proxy-host:3128\""),
        ("https_proxy", "http://proxy-host:3128 "),
        ("ALL_PROXY", "socks5://proxy-host:1080"),
        ("HTTP_PROXY", "http://proxy-host:x"),
        ("NO_PROXY", "\"localhost,127.0.0.1\""),
    ] {
        let ended = run(CHECK, &with(at(DOMAIN), name, value), "");
        assert_eq!(ended.status, Some(2), "{name}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(&format!("{name}: it")), "{}", ended.stderr);
        assert!(!ended.stderr.contains("proxy-host"), "{}", ended.stderr);
    }
}
