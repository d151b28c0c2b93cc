use domain::TokenId;
use proptest::{collection::vec, prelude::*};

use super::{super::gated::token, *};

fn with_id(id: &str) -> Introspection {
    let id = Some(TokenId::parse(id).unwrap());
    Introspection::Active(ActiveToken { id, ..ActiveToken::default() })
}

fn known(max_tokens: usize) -> KnownTokens {
    KnownTokens::new(NonZeroUsize::new(max_tokens).unwrap())
}

fn count(known: &KnownTokens, tokens: &[&str]) -> usize {
    tokens.iter().filter(|text| known.contains(&token(text))).count()
}

#[test]
fn the_last_verdict_decides() {
    let known = known(10);
    assert!(!known.contains(&token("a")));
    known.learn(&token("a"), &with_id("1"));
    assert!(known.contains(&token("a")));
    assert!(!known.contains(&token("b")));
    known.learn(&token("a"), &Introspection::Inactive);
    assert!(!known.contains(&token("a")));
    known.learn(&token("b"), &Introspection::Inactive);
    assert!(!known.contains(&token("b")));
}

#[test]
fn four_texts_of_one_token_are_known_and_the_newest_win() {
    let known = known(100);
    let texts = ["aaaaaa", "aaaaa", "aaaa", "aaa", "aa", "a"];
    for text in texts {
        known.learn(&token(text), &with_id("V2_1-at_2"));
    }
    assert_eq!(count(&known, &texts), 4);
    assert_eq!(count(&known, &texts[2..]), 4);
}

#[test]
fn a_text_that_is_used_again_drives_out_no_other() {
    let known = known(100);
    for text in ["a", "b", "c", "d"].into_iter().cycle().take(20) {
        known.learn(&token(text), &with_id("1"));
    }
    assert_eq!(count(&known, &["a", "b", "c", "d"]), 4);
}

#[test]
fn a_text_that_is_inactive_makes_room_for_another() {
    let known = known(100);
    for text in ["a", "b", "c", "d"] {
        known.learn(&token(text), &with_id("1"));
    }
    known.learn(&token("b"), &Introspection::Inactive);
    known.learn(&token("e"), &with_id("1"));
    assert_eq!(count(&known, &["a", "c", "d", "e"]), 3, "the oldest of them goes as well");
}

#[test]
fn tokens_without_an_id_are_one_each() {
    let known = known(100);
    let texts = ["a", "b", "c", "d", "e", "f"];
    for text in texts {
        known.learn(&token(text), &Introspection::Active(ActiveToken::default()));
    }
    assert_eq!(count(&known, &texts), 6);
}

proptest! {
    #[test]
    fn it_is_bounded_and_one_id_never_has_more_than_four(
        steps in vec((0..30_u32, 0..6_u32, any::<bool>()), 0..400),
        max_tokens in 1..20_usize,
    ) {
        let known = known(max_tokens);
        for (text, id, is_active) in steps {
            let verdict =
                if is_active { with_id(&id.to_string()) } else { Introspection::Inactive };
            known.learn(&token(&format!("{id}-{text}")), &verdict);
            prop_assert!(known.lock().ids.len() <= max_tokens);
            for id in 0..6 {
                let of_id = |text: &u32| known.contains(&token(&format!("{id}-{text}")));
                prop_assert!((0..30).filter(of_id).count() <= TEXTS_OF_A_TOKEN);
            }
        }
    }
}
