//! Finds the positions between two events of an event stream (HTML standard §9.2.5): a line ends
//! with CR LF, LF or CR, and a blank line ends an event.

/// Parser state of an event stream, independent of how the stream is split into frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventBoundary {
    place: Place,
    /// True if the last byte was CR: an LF that follows belongs to the same end of line.
    after_cr: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The parser is at the beginning of the stream, or after a blank line.
    BetweenEvents,
    /// The parser is at the beginning of a line that belongs to an event.
    LineOfEvent,
    InLine,
}

impl EventBoundary {
    pub(super) const fn new() -> Self {
        Self { place: Place::BetweenEvents, after_cr: false }
    }

    pub(super) fn is_between_events(self) -> bool {
        self.place == Place::BetweenEvents
    }

    /// Advances the state past `bytes`, the next part of the stream.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        // Only the trailing line ends matter; a step for each byte would be far slower.
        let line_ends = bytes.rsplit(|byte| !is_line_end(*byte)).next().unwrap_or(bytes);
        if line_ends.len() < bytes.len() {
            *self = Self { place: Place::InLine, after_cr: false };
        }
        for byte in line_ends {
            self.step(*byte);
        }
    }

    /// Advances to the end of the current event. Returns how many of `bytes` belong to this event;
    /// `None` if the event does not end within `bytes`.
    pub(super) fn pass_event(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            self.step(*byte);
            if self.is_between_events() {
                // Without the LF of a CR LF, parsers that wait for it would lose the event.
                let lf = usize::from(self.after_cr && bytes.get(at + 1) == Some(&b'\n'));
                return Some(at + 1 + lf);
            }
        }
        None
    }

    fn step(&mut self, byte: u8) {
        let ends_with_lf = self.after_cr && byte == b'\n';
        self.after_cr = byte == b'\r';
        self.place = match (is_line_end(byte), self.place) {
            (true, place) if ends_with_lf => place,
            (true, Place::InLine) => Place::LineOfEvent,
            (true, Place::LineOfEvent | Place::BetweenEvents) => Place::BetweenEvents,
            (false, _) => Place::InLine,
        };
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_between(frames: &[&str]) -> bool {
        let mut boundary = EventBoundary::new();
        for frame in frames {
            boundary.pass(frame.as_bytes());
        }
        boundary.is_between_events()
    }

    #[test]
    fn an_event_ends_at_a_blank_line_of_any_kind() {
        let between: [&[&str]; 14] = [
            &[],
            &[""],
            &["\n"],
            &["data: 1\n\n"],
            &["data: 1\r\r"],
            &["data: 1\r\n\r\n"],
            &["data: 1\r\n\r"],
            &["data: 1\n\r\n"],
            &["data: 1\r\n\n"],
            &["data: 1\n", "\n"],
            &["data: 1\r\n", "\r", "\n"],
            &["data: 1\r", "\n", "\r", "\n"],
            &["data: 1", "", "\n\n"],
            &[":\n\n", "data: 1\n\ndata: 2\n\n\n"],
        ];
        for frames in between {
            assert!(is_between(frames), "{frames:?}");
        }
        let within: [&[&str]; 9] = [
            &["d"],
            &["data: 1\n"],
            &["data: 1\r\n"],
            &["data: 1\r", "\n"],
            &["data: 1\r", "", "\n"],
            &["data: 1\n\ndata: 2\n"],
            &["data: 1\n\n", "data: 2"],
            &["data: 1\n\n", " "],
            &["data: 1\n", "data: 2\n"],
        ];
        for frames in within {
            assert!(!is_between(frames), "{frames:?}");
        }
    }

    #[test]
    fn the_rest_of_an_event_ends_behind_its_blank_line() {
        let rest = |passed: &str, bytes: &str| {
            let mut boundary = EventBoundary::new();
            boundary.pass(passed.as_bytes());
            boundary.pass_event(bytes.as_bytes())
        };
        assert_eq!(rest("data: 1", "\n\ndata: 2"), Some(2));
        assert_eq!(rest("data: 1\n", "\ndata: 2\n\n"), Some(1));
        assert_eq!(rest("data: 1\r\n", "\r\ndata: 2"), Some(2));
        assert_eq!(rest("data: 1\r\n\r", "\ndata: 2"), Some(1));
        assert_eq!(rest("data: 1", "\r\rdata: 2"), Some(2));
        assert_eq!(rest("data: 1", "\r\n"), None);
        assert_eq!(rest("data: 1", ""), None);
    }

    /// Returns whether `stream` ends between two events, by a simpler algorithm than the parser's.
    fn reference(stream: &str) -> bool {
        let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines = stream.rsplit('\n');
        let (after_the_last_end, last_line) = (lines.next(), lines.next());
        after_the_last_end == Some("") && last_line.is_none_or(str::is_empty)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn frames_make_no_difference(frames in proptest::collection::vec("[\r\na]{0,4}", 0..8)) {
            let mut boundary = EventBoundary::new();
            let mut stream = String::new();
            for frame in &frames {
                boundary.pass(frame.as_bytes());
                stream.push_str(frame);
                prop_assert_eq!(boundary.is_between_events(), reference(&stream), "{:?}", stream);
            }
        }

        #[test]
        fn a_stream_that_is_cut_ends_at_the_first_place_between_events(
            passed in "[\r\na]{0,6}",
            bytes in "[\r\na]{0,12}",
        ) {
            let mut boundary = EventBoundary::new();
            boundary.pass(passed.as_bytes());
            let first = (1..=bytes.len())
                .find(|end| reference(&format!("{passed}{}", &bytes[..*end])))
                .map(|end| {
                    let splits_cr_lf = bytes[..end].ends_with('\r') && bytes[end..].starts_with('\n');
                    end + usize::from(splits_cr_lf)
                });
            prop_assert_eq!(boundary.pass_event(bytes.as_bytes()), first);
        }
    }
}
