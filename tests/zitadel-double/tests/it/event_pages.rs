//! Results of a search: order and number.

use serde_json::{Value, json};
use zitadel_double::{NewEvent, NewUser, ZitadelDouble};

use crate::resource_server::{all_events, events, names, search_request, send, with_json};

const ORG: &str = "340000000000000200";

fn event(kind: &str, id: &str, name: &str) -> NewEvent {
    NewEvent::new(kind, id, name, ORG)
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["aggregate"]["id"].as_str().unwrap()).collect()
}

/// Returns a log with `count` locks of users `u0`, `u1`, … after the reader's own events.
async fn locks(count: usize) -> (ZitadelDouble, String) {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    for number in 0..count {
        double.write_event(event("user", &format!("u{number}"), "user.locked"));
    }
    (double, reader)
}

#[tokio::test]
async fn no_event_is_an_empty_object() {
    let (double, reader) = locks(0).await;
    for search in [
        json!({ "eventTypes": ["user.locked"] }),
        json!({ "eventTypes": ["no.such.type"] }),
        json!({ "aggregateTypes": ["nothing"] }),
        json!({ "aggregateId": "7" }),
        json!({ "range": { "since": "2100-01-01T00:00:00Z" } }),
    ] {
        let got = send(with_json(search_request(&double, &reader), &search)).await;
        assert_eq!((got.status, got.body.as_str()), (200, "{}"), "{search}");
        assert!(got.content_type.starts_with("application/json"));
    }
}

#[tokio::test]
async fn both_bounds_are_exclusive() {
    let (double, reader) = locks(5).await;
    let locked = json!({ "asc": true, "eventTypes": ["user.locked"] });
    let all = events(&double, &reader, &locked).await;
    let (second, fourth) = (&all[1]["creationDate"], &all[3]["creationDate"]);
    for (range, expected) in [
        (json!({ "since": second }), vec!["u2", "u3", "u4"]),
        (json!({ "since": second, "until": fourth }), vec!["u2"]),
        (json!({ "since": fourth, "until": second }), vec![]),
        (json!({ "since": all[4]["creationDate"] }), vec![]),
    ] {
        let search = json!({ "asc": true, "eventTypes": ["user.locked"], "range": range });
        assert_eq!(ids(&events(&double, &reader, &search).await), expected, "{range}");
    }
}

#[tokio::test]
async fn a_page_runs_from_the_oldest_or_from_the_newest() {
    let (double, reader) = locks(4).await;
    for (asc, expected) in [(true, ["u0", "u1"]), (false, ["u3", "u2"])] {
        let search = json!({ "asc": asc, "limit": 2, "aggregateTypes": ["user"],
            "eventTypes": ["user.locked"] });
        assert_eq!(ids(&events(&double, &reader, &search).await), expected);
    }
    let search = json!({ "limit": 1 });
    assert_eq!(ids(&events(&double, &reader, &search).await), ["u3"], "newest first unless asked");
}

#[tokio::test]
async fn filters_narrow_each_other() {
    let (double, reader) = locks(1).await;
    double.write_event(event("usergrant", "g", "user.grant.deactivated"));
    double.write_event(event("user", "u0", "user.unlocked"));
    for (search, expected) in [
        (json!({ "aggregateId": "u0" }), vec!["user.locked", "user.unlocked"]),
        (json!({ "aggregateId": "u0", "eventTypes": ["user.unlocked"] }), vec!["user.unlocked"]),
        (json!({ "aggregateId": "u0", "aggregateTypes": ["usergrant"] }), vec![]),
        (json!({ "aggregateTypes": ["usergrant"] }), vec!["user.grant.deactivated"]),
        (
            json!({ "eventTypes": ["user.locked", "user.grant.deactivated", "no.such"] }),
            vec!["user.locked", "user.grant.deactivated"],
        ),
    ] {
        let mut search = search;
        search["asc"] = true.into();
        assert_eq!(names(&events(&double, &reader, &search).await), expected, "{search}");
    }
}

#[tokio::test]
async fn a_page_has_a_thousand_events_at_most() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.many_events_of_one_write(event("user", "last", "user.locked"), 1001);
    for limit in [0, 1000, 5000] {
        let search = json!({ "limit": limit, "eventTypes": ["user.locked"] });
        assert_eq!(events(&double, &reader, &search).await.len(), 1000, "{limit}");
    }
    assert_eq!(double.take_violations().len(), 1, "asking for 5000");
    double.set_page_cap(100);
    let search = json!({ "limit": 1000, "eventTypes": ["user.locked"] });
    assert_eq!(events(&double, &reader, &search).await.len(), 100);
}

#[tokio::test]
async fn what_a_full_page_of_one_write_leaves_out_cannot_be_reached() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.many_events_of_one_write(event("user", "last", "user.locked"), 1001);
    let search = json!({ "asc": true, "limit": 1000, "eventTypes": ["user.locked"] });
    let page = events(&double, &reader, &search).await;
    let time = &page[0]["creationDate"];
    assert!(page.iter().all(|event| event["creationDate"] == *time));
    assert!(!ids(&page).contains(&"last"));
    let next = json!({ "asc": true, "eventTypes": ["user.locked"], "range": { "since": time } });
    assert_eq!(events(&double, &reader, &next).await, Vec::<Value>::new());
    let mut distinct = ids(&page);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 1000);
}

#[tokio::test]
async fn long_answers_come_in_chunks_and_short_ones_do_not() {
    let (double, reader) = locks(30).await;
    for (limit, chunked) in [(1, false), (30, true)] {
        let search = json!({ "limit": limit });
        let request = with_json(search_request(&double, &reader), &search);
        let response = request.send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers.contains_key("transfer-encoding"), chunked);
        assert_eq!(headers.contains_key("content-length"), !chunked);
    }
}

#[tokio::test]
async fn sequences_count_the_events_of_each_aggregate_as_text() {
    let (double, reader) = locks(2).await;
    double.write_event(event("user", "u0", "user.unlocked"));
    let all = all_events(&double, &reader).await;
    let found: Vec<(&str, &str)> = all
        .iter()
        .filter(|event| event["type"]["type"].as_str().unwrap().ends_with("locked"))
        .map(|event| {
            let id = event["aggregate"]["id"].as_str().unwrap();
            (id, event["sequence"].as_str().unwrap())
        })
        .collect();
    assert_eq!(found, [("u0", "1"), ("u1", "1"), ("u0", "2")]);
}

#[tokio::test]
async fn times_rise_from_write_to_write() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    double.noise(500);
    let all = all_events(&double, &reader).await;
    let mut times: Vec<String> =
        all.iter().map(|event| event["creationDate"].as_str().unwrap().to_owned()).collect();
    assert!(times.len() > 500);
    // Fractions differ in length, so times are compared as numbers, as ZITADEL's readers must.
    for time in &mut times {
        let (second, fraction) = time.trim_end_matches('Z').split_once('.').unwrap_or((time, ""));
        *time = format!("{second}.{fraction:0<6}");
    }
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
}

#[tokio::test]
async fn the_types_that_the_server_knows_are_told() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let url = format!("{}/admin/v1/events/types/_search", double.issuer());
    let ask = || async {
        let request = crate::resource_server::http().post(&url).bearer_auth(&reader);
        let got = send(with_json(request, &json!({}))).await;
        assert_eq!(got.status, 200);
        let answer = got.json();
        let types = answer.get("eventTypes").cloned().unwrap_or_else(|| json!([]));
        let types = types.as_array().unwrap().iter();
        types.map(|one| one["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = ask().await;
    assert_eq!(all.len(), 546);
    double.forget_event_type("user.locked");
    let fewer = ask().await;
    assert!(all.contains(&"user.locked".to_owned()) && !fewer.contains(&"user.locked".to_owned()));
    assert_eq!(fewer.len(), 545);
    double.set_known_event_types(vec!["group.removed".to_owned()]);
    assert_eq!(ask().await, ["group.removed"]);
    double.set_known_event_types(Vec::new());
    assert_eq!(ask().await, Vec::<String>::new());
    assert_eq!((double.event_type_calls(), double.event_calls()), (4, 0));
}

#[tokio::test]
async fn an_event_of_a_forgotten_type_is_not_found() {
    let (double, reader) = locks(1).await;
    let search = json!({ "eventTypes": ["user.locked"] });
    assert_eq!(events(&double, &reader, &search).await.len(), 1);
    double.forget_event_type("user.locked");
    assert_eq!(events(&double, &reader, &search).await, Vec::<Value>::new());
}

#[tokio::test]
async fn searches_are_counted_and_their_bodies_kept_without_the_token() {
    let double = ZitadelDouble::start().await;
    let reader = double.event_reader();
    let search = json!({ "limit": 7, "eventTypes": ["user.locked"] });
    events(&double, &reader, &search).await;
    double.wait_for_event_calls(1).await;
    assert_eq!(double.event_requests(), [search]);
    assert_eq!(double.requests()[0].header("authorization"), Some("Bearer (redacted)"));
    assert!(!format!("{:?}{double:?}", double.requests()).contains(&reader));
    double.reset_counts();
    assert_eq!((double.event_calls(), double.event_requests().len()), (0, 0));
    let _ = double.add_user(NewUser::service("svc"));
}
