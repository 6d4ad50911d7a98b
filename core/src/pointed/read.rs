//! Looks into what was pointed at. It needs the tables of the deception checks and of running text.

use std::borrow::Cow;

use super::{About, Pick, Pointed, Shorter, Taken, Written};
use crate::deception::{Protected, check_link, check_url, host_both_ways};
use crate::indicator::{CanonicalUrl, Indicator};
use crate::inspect::MOST_TOLD;
use crate::privacy::{Level, shorten};
use crate::text::{indicators_as_written, refang};
use crate::told::Told;

/// What a text points at, at most so many things, with how each of them is written there. A text that
/// is an address of another sort than a web address is told of as such.
///
/// ```
/// use quorum_core::pointed::pointed;
/// let found = pointed("Open hxxp://0x7f.1/a today", 10);
/// assert_eq!(found.picks[0].indicator.to_string(), "http://127.0.0.1/a");
/// assert_eq!(found.picks[0].written.address, "hxxp://0x7f.1/a");
/// let script = pointed("javascript:alert(1)", 10);
/// assert_eq!((script.picks.len(), script.told[0].what.as_str()), (0, "scheme"));
/// ```
pub fn pointed(text: &str, limit: usize) -> Pointed {
    let told = about(text.trim(), &Written::default(), &[]).told;
    let is_scheme = |told: &Told| told.what == "scheme";
    Pointed {
        picks: indicators_as_written(text, limit)
            .into_iter()
            .map(|(indicator, written)| Pick::new(indicator, &written, ""))
            .collect(),
        told: told.into_iter().filter(is_scheme).collect(),
    }
}

/// What there is to be told of an address: `written` is how it stood there, which counts only where it
/// is the same address; `own` are domains of one's own, which it may imitate.
///
/// ```
/// use quorum_core::pointed::{Written, about};
/// let written = Written { address: "http://0x7f.1/a".to_owned(), ..Written::default() };
/// let found = about("http://127.0.0.1/a", &written, &[]);
/// assert_eq!(found.told[0].what, "obfuscated_ip");
/// ```
pub fn about(address: &str, written: &Written, own: &[String]) -> About {
    let protected = Protected::with(own);
    let text = as_written(address, &written.address);
    let mut told: Vec<Told> = Vec::new();
    if !written.link_text.is_empty() {
        // The target as browsers have it: a link's attribute can be a path of its page.
        let found = check_link(&written.link_text, address, &protected);
        told.extend(found.iter().map(Told::from));
    }
    told.extend(check_url(&text, &protected).iter().map(Told::from));
    told.sort_by_key(|told| std::cmp::Reverse(told.severity));
    told.dedup();
    told.truncate(MOST_TOLD);
    let indicator = address.parse().ok();
    About {
        told,
        unicode: indicator.as_ref().and_then(unicode),
        shorter: indicator.as_ref().and_then(|it| shorter(it, &text)),
    }
}

/// The text in which an address is looked into: as it was written, if that is this address at all;
/// spelled so that it can be clicked, if it was not.
fn as_written<'a>(address: &'a str, written: &'a str) -> Cow<'a, str> {
    if written.is_empty() {
        return address.into();
    }
    let is_it = |text: &str| match address.parse() {
        // Tabs and line breaks within it are what a browser takes out.
        Ok(Indicator::Url(url)) => text.parse::<CanonicalUrl>().is_ok_and(|own| own == url),
        Ok(indicator) => text.parse::<Indicator>().is_ok_and(|own| own == indicator),
        Err(_) => false,
    };
    if is_it(written) {
        return written.into();
    }
    match refang(written) {
        text if is_it(&text) => text,
        _ => address.into(),
    }
}

/// The host as people write it, where that is something else.
fn unicode(indicator: &Indicator) -> Option<String> {
    let host = match indicator {
        Indicator::Url(url) => url.host(),
        Indicator::Domain(domain) => domain.as_str(),
        Indicator::File(_) | Indicator::Ip(_) => return None,
    };
    let both = host_both_ways(host);
    (both.unicode != both.ascii).then(|| both.unicode.to_string())
}

/// A web address without what is about a person.
fn shorter(indicator: &Indicator, text: &str) -> Option<Shorter> {
    let Indicator::Url(_) = indicator else {
        return None;
    };
    let found = shorten(text, Level::Query);
    let taken: Vec<_> = found
        .differences
        .iter()
        .map(|difference| Taken {
            what: difference.what,
            text: text[difference.start..difference.end].to_owned(),
        })
        .collect();
    let shortened = found.text.parse::<CanonicalUrl>().ok()?;
    (!taken.is_empty()).then_some(Shorter {
        indicator: Indicator::Url(shortened),
        taken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(address: &str, written: &str, link_text: &str) -> Vec<String> {
        let written = Written {
            address: written.to_owned(),
            link_text: link_text.to_owned(),
        };
        let told = about(address, &written, &[]).told;
        told.into_iter().map(|told| told.what).collect()
    }

    #[test]
    fn tricks_of_writing_are_told_that_the_canonical_form_has_lost() {
        for (address, written, what) in [
            ("http://127.0.0.1/", "http://2130706433/", "obfuscated_ip"),
            ("http://8.8.4.4/", "http://010.010.4.4/", "obfuscated_ip"),
            ("http://8.8.4.4/", "hxxp://0x8.0x8.4.4/", "obfuscated_ip"),
            (
                "https://shop.example/",
                "https://ｓｈｏｐ.example/",
                "written_otherwise",
            ),
            (
                "https://shop.example/",
                "https://sh%6Fp.example/",
                "written_otherwise",
            ),
            (
                "https://shop.example/a",
                "https:\\\\shop.example\\a",
                "backslash",
            ),
            (
                "https://shop.example/a",
                "https:///shop.example/a",
                "odd_slashes",
            ),
            (
                "https://shop.example/a",
                "https://shop.exa\tmple/a",
                "hidden_whitespace",
            ),
        ] {
            assert!(names(address, "", "").is_empty(), "{address}");
            assert_eq!(names(address, written, ""), [what], "{written}");
        }
    }

    #[test]
    fn a_text_that_is_another_address_does_not_count() {
        assert!(names("https://shop.example/", "http://2130706433/", "").is_empty());
        assert!(names("https://shop.example/", "page.html", "").is_empty());
    }

    #[test]
    fn what_a_links_text_hides_is_told_before_what_its_address_does() {
        let told = names("https://paypa1.com/", "", "https://www.paypal.com/signin");
        assert_eq!(told, ["link_text_names_other_host", "look_alike"]);
    }

    #[test]
    fn a_domain_of_ones_own_is_protected() {
        let own = ["zaunkoenig-werke.example".to_owned()];
        let told = |own: &[String]| {
            let found = about("https://zaunkoenig-werk.example/", &Written::default(), own);
            found.told.into_iter().map(|it| it.what).collect::<Vec<_>>()
        };
        assert!(told(&[]).is_empty());
        assert_eq!(told(&own), ["look_alike"]);
        assert!(
            told(&[]).is_empty(),
            "the list that was kept is of other domains"
        );
    }

    #[test]
    fn a_host_in_punycode_is_given_in_letters_too() {
        let unicode = |address| about(address, &Written::default(), &[]).unicode;
        assert_eq!(
            unicode("https://xn--bcher-kva.example/").as_deref(),
            Some("bücher.example")
        );
        assert_eq!(
            unicode("xn--bcher-kva.example").as_deref(),
            Some("bücher.example")
        );
        assert_eq!(unicode("https://shop.example/"), None);
    }

    #[test]
    fn what_is_about_a_person_can_be_left_out() {
        let url: Indicator = "https://shop.example/reset?lang=de&token=k3y#top"
            .parse()
            .unwrap();
        let pick = Pick::new(
            url.clone(),
            "https://shop.example/reset?lang=de&token=k3y#top",
            "",
        );
        let found = about(&url.to_string(), &pick.written, &[]).shorter.unwrap();
        assert_eq!(
            found.indicator.to_string(),
            "https://shop.example/reset?lang=de&token=REMOVED"
        );
        let taken: Vec<_> = found.taken.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(taken, ["k3y", "#top"]);
        assert_eq!(
            about("https://shop.example/?lang=de", &Written::default(), &[]).shorter,
            None
        );
    }
}
