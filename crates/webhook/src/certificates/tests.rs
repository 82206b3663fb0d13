//! What the life of a certificate looks like.

mod arbitrary;
mod simulation;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn terms() -> Terms {
    Terms {
        names: vec!["rayguard.ray-system.svc".into(), "127.0.0.1".into()],
        ca: 365 * DAY,
        leaf: 30 * DAY,
        settle: Duration::from_mins(1),
    }
}

/// The first of January 2026.
fn begin() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(490_896)
}

/// The data of a Secret.
type Data = BTreeMap<String, String>;

fn read(data: &Data) -> Store {
    Store::read(|key| data.get(key).map(String::as_bytes))
}

fn write(data: &mut Data, store: &Store) {
    for (key, value) in Store::KEYS.into_iter().zip(store.values()) {
        match value {
            Some(value) => data.insert(key.to_owned(), value),
            None => data.remove(key),
        };
    }
}

/// Takes every step that is due, with CAs that everybody knows or nobody; gives the steps.
fn advance(data: &mut Data, settled: bool, now: SystemTime) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(step) = Step::due(&read(data), |_| settled, &terms(), now) {
        let after = read(data).after(step, &terms(), now).expect("certificates can be made");
        write(data, &after);
        steps.push(step);
        assert!(steps.len() < 10, "there is no end to {steps:?}");
    }
    steps
}

/// The Secret as it is after the first start.
fn first() -> Data {
    let mut data = Data::new();
    assert_eq!(advance(&mut data, false, begin()), [Step::NewAuthority]);
    data
}

fn keys(data: &Data) -> Vec<&str> {
    data.keys().map(String::as_str).collect()
}

#[test]
fn an_empty_secret_gets_a_ca_and_a_certificate_at_once() {
    let data = first();
    assert_eq!(keys(&data), ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    let store = read(&data);
    let leaf = store.leaf().expect("a certificate");
    assert!(leaf.is_good(&store.roots(begin()), &terms().names, begin()));
    let (leaf, ca) = (leaf.certificate().validity(), store.authority().expect("a CA").root().validity());
    assert_eq!((leaf.not_before, leaf.not_after), (begin() - SKEW, begin() + 30 * DAY));
    assert_eq!((ca.not_before, ca.not_after), (begin() - SKEW, begin() + 365 * DAY));
    assert!(leaf.contains(begin() - SKEW) && leaf.contains(begin() + 30 * DAY));
    assert!(!leaf.contains(begin() - SKEW - DAY) && !leaf.contains(begin() + 31 * DAY));
}

#[test]
fn a_certificate_is_renewed_after_two_thirds_of_its_life_and_not_before() {
    let mut data = first();
    let ca = data["ca.crt"].clone();
    let due = begin() + 20 * DAY;
    assert_eq!(Step::next_look(&read(&data), &terms(), begin()), Some(due));
    assert_eq!(advance(&mut data, true, due - Duration::from_secs(1)), []);
    assert_eq!(advance(&mut data, false, due), [Step::NewLeaf], "the CA is the same, so nobody has to learn of it");
    assert_eq!(data["ca.crt"], ca);
    assert_eq!(Step::next_look(&read(&data), &terms(), due), Some(due + 20 * DAY));
}

#[test]
fn a_new_ca_comes_beside_the_old_one_before_a_certificate_of_it() {
    let mut data = first();
    let mut now = begin();
    while read(&data).old().is_empty() {
        now += DAY;
        advance(&mut data, false, now);
    }
    let third = 365 * DAY / 3 * 2;
    assert!((third..third + DAY).contains(&now.duration_since(begin()).expect("later")), "two thirds of a year");
    let (new, old) = (read(&data).roots(now)[0].clone(), read(&data).old()[0].clone());
    let leaf = |data: &Data| read(data).leaf().expect("a certificate").certificate().clone();
    assert!(old.vouches_for(&leaf(&data)) && !new.vouches_for(&leaf(&data)));

    assert_eq!(advance(&mut data, true, now), [Step::NewLeaf]);
    assert!(new.vouches_for(&leaf(&data)) && !old.vouches_for(&leaf(&data)));
    assert_eq!(read(&data).roots(now), [new.clone(), old.clone()], "others may still show one of the old CA");

    let made = now;
    while !read(&data).old().is_empty() {
        now += DAY;
        advance(&mut data, true, now);
    }
    assert_eq!(now, made + 30 * DAY, "the life of a certificate");
    assert_eq!(keys(&data), ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
}

#[test]
fn a_certificate_that_cannot_wait_for_its_ca_to_be_known_does_not_wait() {
    let mut data = first();
    data.remove("ca.key");
    assert_eq!(advance(&mut data, false, begin() + DAY), [Step::NewAuthority]);
    assert_eq!(advance(&mut data, false, begin() + 30 * DAY), [], "the old one is good to the last second");
    assert_eq!(advance(&mut data, false, begin() + 31 * DAY), [Step::NewLeaf, Step::DropOld]);
}

#[test]
fn an_expired_ca_is_made_anew_with_its_certificate() {
    let mut data = first();
    let (now, before) = (begin() + 366 * DAY, data.clone());
    assert_eq!(advance(&mut data, false, now), [Step::NewAuthority]);
    assert!(Store::KEYS[..4].iter().all(|key| data[*key] != before[*key]), "everything is new");
    assert!(!data.contains_key("old-ca.crt"), "nobody can be trusted for it");
}

#[test]
fn an_expired_ca_under_a_certificate_that_is_not_is_made_anew_too() {
    let mut data = Data::new();
    let authority = Authority::new(begin(), DAY).expect("a CA");
    let leaf = authority.issue(&terms().names, begin(), 30 * DAY).expect("a certificate");
    assert_eq!(leaf.certificate().validity().not_after, begin() + DAY, "none outlives its CA");
    write(&mut data, &Store::read(|_| None));
    for (key, value) in Store::KEYS.into_iter().zip([
        Root::write_all([authority.root()]),
        authority.key(),
        leaf.cert().to_owned(),
        leaf.key().to_owned(),
    ]) {
        data.insert(key.to_owned(), value);
    }
    assert_eq!(advance(&mut data, false, begin() + 2 * DAY), [Step::NewAuthority]);
}

#[test]
fn each_half_that_is_missing_is_made_anew_and_the_rest_stays() {
    let other = first();
    let (leaf, authority) = ([Step::NewLeaf], [Step::NewAuthority, Step::NewLeaf]);
    for (key, steps) in [("tls.crt", &leaf[..]), ("tls.key", &leaf), ("ca.key", &authority)] {
        for torn in [None, Some(""), Some("-----BEGIN"), Some(other[key].as_str())] {
            let mut data = first();
            let root = read(&data).roots(begin())[0].clone();
            match torn {
                Some(torn) => data.insert(key.into(), torn.into()),
                None => data.remove(key),
            };
            data.insert("theirs".into(), "kept".into());
            assert_eq!(advance(&mut data, true, begin()), steps, "{key} is {torn:?}");
            assert!(read(&data).roots(begin()).contains(&root), "{key} is {torn:?}: the CA is still trusted");
            assert_eq!(data["theirs"], "kept");
        }
    }
    // Without its certificate a CA cannot be trusted, so neither can what it issued.
    let mut data = first();
    data.remove("ca.crt");
    assert_eq!(advance(&mut data, false, begin()), [Step::NewAuthority]);
}

#[test]
fn a_certificate_for_other_names_is_replaced() {
    let mut data = first();
    let terms = Terms { names: vec!["elsewhere.default.svc".into()], ..terms() };
    assert_eq!(Step::due(&read(&data), |_| false, &terms, begin()), Some(Step::NewLeaf));
    let after = read(&data).after(Step::NewLeaf, &terms, begin()).expect("a certificate");
    write(&mut data, &after);
    assert_eq!(Step::due(&read(&data), |_| false, &terms, begin()), None);
}

#[test]
fn a_ca_of_somebody_else_is_trusted_but_does_not_sign() {
    let mut data = first();
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (params.not_before, params.not_after) = ((begin() - DAY).into(), (begin() + 100 * DAY).into());
    data.insert("ca.crt".into(), params.self_signed(&key).expect("a CA").pem());
    data.insert("ca.key".into(), key.serialize_pem());
    let theirs = Root::read_all(data["ca.crt"].as_bytes());
    assert_eq!(advance(&mut data, false, begin()), [Step::NewAuthority]);
    assert_eq!(read(&data).old(), theirs);
}

#[test]
fn forced_renewals_do_not_fill_the_secret() {
    let mut data = first();
    for _ in 0..30 {
        data.remove("ca.key");
        assert_eq!(advance(&mut data, true, begin()), [Step::NewAuthority, Step::NewLeaf]);
    }
    assert_eq!(read(&data).old().len(), 8);
}

#[test]
fn a_clock_that_was_wrong_is_put_right() {
    let mut data = Data::new();
    advance(&mut data, true, begin() + 3650 * DAY);
    assert_eq!(advance(&mut data, true, begin()), [Step::NewAuthority], "nothing from the future is of use");
    assert_eq!(keys(&data), ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    assert_eq!(advance(&mut data, true, begin() - SKEW), [], "a clock may be a little behind");
}
