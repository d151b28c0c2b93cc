//! Tests of the variables that turn traces on, and of values that are refused.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Option<Traces>, ConfigError> {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Traces::read(&owned.collect())
}

#[test]
fn traces_are_off_unless_an_endpoint_is_named_and_nothing_turns_them_off() {
    let endpoint = (ENDPOINT, "http://collector:4318");
    for variables in [
        &[][..],
        &[(ENDPOINT, ""), (TRACES_ENDPOINT, " ")],
        &[endpoint, (DISABLED, "TRUE")],
        &[endpoint, (EXPORTER, "none")],
        &[endpoint, (EXPORTER, "None"), ("OTEL_BSP_MAX_QUEUE_SIZE", "many")],
        &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), (EXPORTER, "console")],
        &[(ENDPOINT, "what?"), (DISABLED, "true")],
    ] {
        assert_eq!(read(variables), Ok(None), "{variables:?}");
    }
    let more = [
        (DISABLED, "false"),
        (EXPORTER, "OTLP"),
        (PROTOCOLS[0], "HTTP/protobuf"),
        (PROTOCOLS[1], "grpc"),
    ];
    assert!(read(&[&[endpoint][..], &more].concat()).unwrap().is_some());
}

#[test]
fn the_general_endpoint_is_a_base_and_that_of_traces_is_taken_as_it_is() {
    for (variables, expected) in [
        (&[(ENDPOINT, "http://c:4318")][..], "http://c:4318/v1/traces"),
        (&[(ENDPOINT, "https://c/otlp/")], "https://c/otlp/v1/traces"),
        (&[(TRACES_ENDPOINT, "http://c:4318/")], "http://c:4318/"),
        (&[(ENDPOINT, "http://b"), (TRACES_ENDPOINT, "http://c/x")], "http://c/x"),
    ] {
        assert_eq!(read(variables).unwrap().unwrap().endpoint.as_str(), expected);
    }
}

#[test]
fn what_cannot_be_honoured_is_refused_by_the_name_of_its_variable() {
    let endpoint = (ENDPOINT, "http://collector:4318");
    for (variables, expected) in [
        (&[(ENDPOINT, "collector:4318")][..], ENDPOINT),
        (&[(ENDPOINT, "/v1/traces")], ENDPOINT),
        (&[endpoint, (TRACES_ENDPOINT, "ftp://secret@c")], TRACES_ENDPOINT),
        (&[(ENDPOINT, "http://secret@c:4318")], ENDPOINT),
        (&[(ENDPOINT, "http://:secret@c:4318")], ENDPOINT),
        (&[(ENDPOINT, "http://user:secret@${HOST}:4318")], ENDPOINT),
        (&[(TRACES_ENDPOINT, "http://${HOST}:4318/secret")], TRACES_ENDPOINT),
        (&[endpoint, (PROTOCOLS[0], "grpc")], PROTOCOLS[0]),
        (&[endpoint, (PROTOCOLS[1], "http/json")], PROTOCOLS[1]),
        (&[endpoint, (EXPORTER, "console")], EXPORTER),
    ] {
        let error = read(variables).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{expected}: ")), "{error}");
        assert!(error.contains("expects ") && !error.contains("secret"), "{error}");
    }
}

/// One hundred years in milliseconds: longer than the 30 days allowed for a duration.
const CENTURY: &str = "3155760000000";

#[test]
fn what_the_sdk_would_take_no_notice_of_is_refused_and_not_shown() {
    for (name, right, wrong) in [
        (
            "OTEL_BSP_SCHEDULE_DELAY",
            &["1", "5000"][..],
            &["0", "-1", "5s", "0.5", " 5", CENTURY][..],
        ),
        ("OTEL_BSP_EXPORT_TIMEOUT", &["1", "30000"], &["0", "secret", CENTURY]),
        (TIMEOUTS[0], &["1", " 10000"], &["0", "10s", CENTURY]),
        (TIMEOUTS[1], &["1", "10000"], &["0", "-10", "18446744073709551615"]),
        ("OTEL_BSP_MAX_QUEUE_SIZE", &["1", "100000"], &["0", "100001", "2k", "99999999999999"]),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &["1", "100000"], &["0", "100001", " 1"]),
        ("OTEL_EXPORTER_OTLP_HEADERS", &["a=b", "a=b==, c = d ,"], &["secret", "a=b,secret"]),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", &["a=secret"], &["=secret", "a b=secret", "a=b,,"]),
        ("OTEL_TRACES_SAMPLER", &["always_on", "Always_Off"], &["xray", "parentbased_", "secret"]),
    ] {
        let read = |value| read(&[(ENDPOINT, "http://collector:4318"), (name, value)]);
        for value in right.iter().chain(&["", " "]) {
            assert!(read(value).unwrap().is_some(), "{name}={value}");
        }
        for value in wrong {
            let error = read(value).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: expects ")), "{value}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

#[test]
fn the_time_of_traces_wins_over_the_general_one_and_both_must_be_right() {
    let timeout = |[of_traces, of_all]: [&str; 2]| {
        let endpoint = (ENDPOINT, "http://collector:4318");
        let traces = read(&[endpoint, (TIMEOUTS[0], of_traces), (TIMEOUTS[1], of_all)])?;
        Ok::<_, ConfigError>(traces.unwrap().timeout.as_millis())
    };
    for (values, expected) in [(["", ""], 10_000), (["", "7"], 7), (["5", "7"], 5)] {
        assert_eq!(timeout(values), Ok(expected));
    }
    assert!(timeout(["5", "soon"]).is_err());
}

#[test]
fn a_sampler_is_one_of_six_and_a_ratio_a_number_from_0_to_1() {
    let sampling = |sampler, ratio| {
        let endpoint = (ENDPOINT, "http://collector:4318");
        let sampler = [("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", ratio)];
        let traces = read(&[&[endpoint][..], &sampler].concat())?;
        Ok::<_, ConfigError>(traces.unwrap().sampling)
    };
    for (sampler, argument, follows_caller, ratio) in [
        ("", "", true, 1.0),
        ("always_on", "", false, 1.0),
        ("ALWAYS_OFF", "unread", false, 0.0),
        ("traceidratio", "0.25", false, 0.25),
        ("traceidratio", "", false, 1.0),
        ("parentbased_always_on", "", true, 1.0),
        ("parentbased_always_off", "", true, 0.0),
        ("ParentBased_TraceIdRatio", "1e-3", true, 0.001),
    ] {
        let expected = Sampling { follows_caller, ratio };
        assert_eq!(sampling(sampler, argument), Ok(expected), "{sampler}");
    }
    for ratio in ["-0.1", "1.1", "NaN", "inf", "10%", "0,5"] {
        for sampler in ["traceidratio", "parentbased_traceidratio"] {
            let error = sampling(sampler, ratio).unwrap_err().to_string();
            assert!(error.starts_with("OTEL_TRACES_SAMPLER_ARG: expects "), "{error}");
        }
    }
}
