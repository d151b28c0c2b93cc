//! Observed ids, names and secrets, and their counterparts in this run.

/// Pairs of observed and own texts.
#[derive(Clone, Default)]
pub(crate) struct Names {
    parts: Vec<(String, String)>,
    whole: Vec<(String, String)>,
}

impl Names {
    /// Adds a text to replace wherever it occurs.
    pub(crate) fn add(&mut self, observed: impl Into<String>, live: impl Into<String>) {
        self.parts.push((observed.into(), live.into()));
    }

    /// Adds a text to replace only as a whole, because it may be part of others.
    pub(crate) fn add_whole(&mut self, observed: impl Into<String>, live: impl Into<String>) {
        self.whole.push((observed.into(), live.into()));
    }

    pub(crate) fn live(&self, text: &str) -> String {
        replaced(text, self.parts.iter().map(|(observed, live)| (&**observed, &**live)))
    }

    pub(crate) fn observed(&self, text: &str) -> String {
        match self.whole.iter().find(|(_, live)| live == text) {
            Some((observed, _)) => observed.clone(),
            None => {
                replaced(text, self.parts.iter().map(|(observed, live)| (&**live, &**observed)))
            }
        }
    }
}

/// Replaces in one pass, longest texts first, so that no replacement is replaced again.
fn replaced<'a>(text: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = pairs.filter(|(from, _)| !from.is_empty()).collect();
    pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
    let (mut rest, mut result) = (text, String::with_capacity(text.len()));
    while !rest.is_empty() {
        let found = pairs.iter().find_map(|(from, to)| Some((rest.strip_prefix(from)?, *to)));
        if let Some((after, to)) = found {
            result.push_str(to);
            rest = after;
        } else {
            let mut characters = rest.chars();
            result.extend(characters.next());
            rest = characters.as_str();
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn what_one_pair_puts_in_is_not_replaced_by_another() {
        let mut names = Names::default();
        names.add("11", "22");
        names.add("22", "33");
        assert_eq!(names.live("11 22 id:11:aud"), "22 33 id:22:aud");
        assert_eq!(names.observed("22 33 id:22:aud"), "11 22 id:11:aud");
    }

    #[test]
    fn a_name_that_may_be_part_of_others_is_replaced_only_alone() {
        let mut names = Names::default();
        names.add_whole("ha-docs", "role");
        assert_eq!(names.observed("role"), "ha-docs");
        assert_eq!(names.observed("urn:role"), "urn:role");
    }
}
