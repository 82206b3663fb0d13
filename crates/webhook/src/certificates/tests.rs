//! The lifecycle of certificates.

mod arbitrary;
mod simulation;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn config() -> CertificateConfig {
    CertificateConfig {
        names: vec!["rayguard.ray-system.svc".into(), "127.0.0.1".into()],
        ca_lifetime: 365 * DAY,
        leaf_lifetime: 30 * DAY,
        settle: Duration::from_mins(1),
    }
}

/// The first of January 2026.
fn begin() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(490_896)
}

/// The data of a Secret.
type Data = BTreeMap<String, String>;

fn read(data: &Data) -> CertificateStore {
    CertificateStore::read(|key| data.get(key).map(String::as_bytes))
}

fn write(data: &mut Data, store: &CertificateStore) {
    for (key, value) in CertificateStore::KEYS.into_iter().zip(store.values()) {
        match value {
            Some(value) => data.insert(key.to_owned(), value),
            None => data.remove(key),
        };
    }
}

/// Applies every step that is due, and returns the steps. Either every API server knows each CA, or none does.
fn advance(data: &mut Data, is_published: bool, now: SystemTime) -> Vec<RenewalStep> {
    let mut steps = Vec::new();
    while let Some(step) = RenewalStep::due(&read(data), |_| is_published, &config(), now) {
        let after = step.apply(read(data), &config(), now).expect("certificates can be made");
        write(data, &after);
        steps.push(step);
        assert!(steps.len() < 10, "endless: {steps:?}");
    }
    steps
}

/// The Secret after the first start.
fn first() -> Data {
    let mut data = Data::new();
    assert_eq!(advance(&mut data, false, begin()), [RenewalStep::NewCa]);
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
    assert!(leaf.is_accepted(&store.roots(begin()), &config().names, begin()));
    let (leaf, ca) = (leaf.certificate().validity(), store.authority().expect("a CA").root().validity());
    assert_eq!((leaf.not_before, leaf.not_after), (begin() - CLOCK_SKEW, begin() + 30 * DAY));
    assert_eq!((ca.not_before, ca.not_after), (begin() - CLOCK_SKEW, begin() + 365 * DAY));
    assert!(leaf.contains(begin() - CLOCK_SKEW) && leaf.contains(begin() + 30 * DAY));
    assert!(!leaf.contains(begin() - CLOCK_SKEW - DAY) && !leaf.contains(begin() + 31 * DAY));
}

#[test]
fn a_certificate_is_renewed_after_two_thirds_of_its_life_and_not_before() {
    let mut data = first();
    let ca = data["ca.crt"].clone();
    let due = begin() + 20 * DAY;
    assert_eq!(RenewalStep::next_check(&read(&data), &config(), begin()), Some(due));
    assert_eq!(advance(&mut data, true, due - Duration::from_secs(1)), []);
    assert_eq!(advance(&mut data, false, due), [RenewalStep::NewLeaf], "the CA is the same, so the step need not wait");
    assert_eq!(data["ca.crt"], ca);
    assert_eq!(RenewalStep::next_check(&read(&data), &config(), due), Some(due + 20 * DAY));
}

#[test]
fn a_new_ca_is_added_next_to_the_old_one_before_it_issues_a_certificate() {
    let mut data = first();
    let mut now = begin();
    while read(&data).old_roots().is_empty() {
        now += DAY;
        advance(&mut data, false, now);
    }
    let third = 365 * DAY / 3 * 2;
    assert!((third..third + DAY).contains(&now.duration_since(begin()).expect("later")), "two thirds of a year");
    let (new, old) = (read(&data).roots(now)[0].clone(), read(&data).old_roots()[0].clone());
    let leaf = |data: &Data| read(data).leaf().expect("a certificate").certificate().clone();
    assert!(old.verifies(&leaf(&data)) && !new.verifies(&leaf(&data)));

    assert_eq!(advance(&mut data, true, now), [RenewalStep::NewLeaf]);
    assert!(new.verifies(&leaf(&data)) && !old.verifies(&leaf(&data)));
    assert_eq!(
        read(&data).roots(now),
        [new.clone(), old.clone()],
        "other replicas may still serve a certificate of the old CA"
    );

    let made = now;
    while !read(&data).old_roots().is_empty() {
        now += DAY;
        advance(&mut data, true, now);
    }
    assert_eq!(now, made + 30 * DAY, "the lifetime of a certificate");
    assert_eq!(keys(&data), ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
}

#[test]
fn an_expired_certificate_is_replaced_even_if_the_new_ca_is_not_published() {
    let mut data = first();
    data.remove("ca.key");
    assert_eq!(advance(&mut data, false, begin() + DAY), [RenewalStep::NewCa]);
    assert_eq!(
        advance(&mut data, false, begin() + 30 * DAY),
        [],
        "the old certificate is accepted until the last second"
    );
    assert_eq!(advance(&mut data, false, begin() + 31 * DAY), [RenewalStep::NewLeaf, RenewalStep::DropOldCas]);
}

#[test]
fn an_expired_ca_and_its_certificate_are_replaced() {
    let mut data = first();
    let (now, before) = (begin() + 366 * DAY, data.clone());
    assert_eq!(advance(&mut data, false, now), [RenewalStep::NewCa]);
    assert!(CertificateStore::KEYS[..4].iter().all(|key| data[*key] != before[*key]), "everything is new");
    assert!(!data.contains_key("old-ca.crt"), "no valid certificate depends on the old CA");
}

#[test]
fn a_ca_that_expires_before_its_certificate_is_replaced() {
    let mut data = Data::new();
    let authority = CertificateAuthority::new(begin(), DAY).expect("a CA");
    let leaf = authority.issue(&config().names, begin(), 30 * DAY).expect("a certificate");
    assert_eq!(leaf.certificate().validity().not_after, begin() + DAY, "a certificate does not outlive its CA");
    write(&mut data, &CertificateStore::read(|_| None));
    for (key, value) in CertificateStore::KEYS.into_iter().zip([
        Root::to_pem_bundle([authority.root()]),
        authority.key_pem(),
        leaf.cert_pem().to_owned(),
        leaf.key_pem().to_owned(),
    ]) {
        data.insert(key.to_owned(), value);
    }
    assert_eq!(advance(&mut data, false, begin() + 2 * DAY), [RenewalStep::NewCa]);
}

#[test]
fn a_missing_or_damaged_value_is_replaced_and_the_others_stay() {
    let other = first();
    let (new_leaf, new_ca) = ([RenewalStep::NewLeaf], [RenewalStep::NewCa, RenewalStep::NewLeaf]);
    for (key, steps) in [("tls.crt", &new_leaf[..]), ("tls.key", &new_leaf), ("ca.key", &new_ca)] {
        for damaged in [None, Some(""), Some("-----BEGIN"), Some(other[key].as_str())] {
            let mut data = first();
            let root = read(&data).roots(begin())[0].clone();
            match damaged {
                Some(damaged) => data.insert(key.into(), damaged.into()),
                None => data.remove(key),
            };
            data.insert("theirs".into(), "kept".into());
            assert_eq!(advance(&mut data, true, begin()), steps, "{key} is {damaged:?}");
            assert!(read(&data).roots(begin()).contains(&root), "{key} is {damaged:?}: the CA is still trusted");
            assert_eq!(data["theirs"], "kept");
        }
    }
    // Without its certificate a CA cannot be trusted, and neither can the certificates that it issued.
    let mut data = first();
    data.remove("ca.crt");
    assert_eq!(advance(&mut data, false, begin()), [RenewalStep::NewCa]);
}

#[test]
fn a_certificate_for_other_names_is_replaced() {
    let mut data = first();
    let config = CertificateConfig { names: vec!["elsewhere.default.svc".into()], ..config() };
    assert_eq!(RenewalStep::due(&read(&data), |_| false, &config, begin()), Some(RenewalStep::NewLeaf));
    let after = RenewalStep::NewLeaf.apply(read(&data), &config, begin()).expect("a certificate");
    write(&mut data, &after);
    assert_eq!(RenewalStep::due(&read(&data), |_| false, &config, begin()), None);
}

#[test]
fn a_foreign_ca_in_the_secret_is_trusted_but_does_not_sign() {
    let mut data = first();
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (params.not_before, params.not_after) = ((begin() - DAY).into(), (begin() + 100 * DAY).into());
    data.insert("ca.crt".into(), params.self_signed(&key).expect("a CA").pem());
    data.insert("ca.key".into(), key.serialize_pem());
    let theirs = Root::from_pem_bundle(data["ca.crt"].as_bytes());
    assert_eq!(advance(&mut data, false, begin()), [RenewalStep::NewCa]);
    assert_eq!(read(&data).old_roots(), theirs);
}

#[test]
fn forced_renewals_do_not_fill_the_secret() {
    let mut data = first();
    for _ in 0..30 {
        data.remove("ca.key");
        assert_eq!(advance(&mut data, true, begin()), [RenewalStep::NewCa, RenewalStep::NewLeaf]);
    }
    assert_eq!(read(&data).old_roots().len(), 8);
}

#[test]
fn certificates_from_the_future_are_replaced() {
    let mut data = Data::new();
    advance(&mut data, true, begin() + 3650 * DAY);
    assert_eq!(
        advance(&mut data, true, begin()),
        [RenewalStep::NewCa],
        "a certificate from the future is not accepted"
    );
    assert_eq!(keys(&data), ["ca.crt", "ca.key", "tls.crt", "tls.key"]);
    assert_eq!(advance(&mut data, true, begin() - CLOCK_SKEW), [], "a clock may be a little behind");
}
