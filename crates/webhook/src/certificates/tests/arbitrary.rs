//! Arbitrary content of the Secret, and arbitrary times.

use proptest::prelude::*;

use super::*;

/// The value of one key of a Secret: one of our values, possibly truncated, doubled or of another key, or arbitrary
/// text.
fn value() -> impl Strategy<Value = String> {
    let ours = (0..5usize, 0..3u32, any::<prop::sample::Index>(), 0..3u8).prop_map(|(key, age, cut, damage)| {
        let mut data = Data::new();
        advance(&mut data, true, begin() - 200 * DAY * age);
        let value = CertificateStore::KEYS.get(key).and_then(|key| data.get(*key)).cloned().unwrap_or_default();
        match damage {
            0 => value,
            1 => value[..cut.index(value.len() + 1)].to_owned(),
            _ => value.clone() + &value,
        }
    });
    prop_oneof![4 => ours, 1 => any::<String>(), 1 => Just(String::new())]
}

fn any_time() -> impl Strategy<Value = SystemTime> {
    (0..4_000_000_000u64).prop_map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_secret_is_usable_after_all_steps_at_any_time(
        values in prop::collection::btree_map(prop::sample::select(&CertificateStore::KEYS[..]), value(), 0..6),
        times in prop::collection::vec(any_time(), 1..4),
    ) {
        let mut data: Data = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        for now in times {
            advance(&mut data, true, now);
            let store = read(&data);
            let leaf = store.leaf().expect("a certificate");
            prop_assert!(leaf.is_accepted(&store.roots(now), &config().names, now));
            prop_assert!(store.authority().expect("a CA").root().is_valid_at(now));
            prop_assert!(RenewalStep::next_check(&store, &config(), now).is_some_and(|next| next > now));
        }
    }

    #[test]
    fn written_values_are_read_back_unchanged(count in 0..4u8, at in 0..200u32) {
        let mut data = first();
        for _ in 0..count {
            data.remove("ca.key");
            advance(&mut data, at % 2 == 0, begin() + DAY * at);
        }
        let mut again = Data::new();
        write(&mut again, &read(&data));
        prop_assert_eq!(read(&again).values(), read(&data).values());
    }

    #[test]
    fn any_bundle_is_read_completely(text in any::<Vec<u8>>(), noise in any::<String>()) {
        prop_assert_eq!(Root::from_pem_bundle(&text), []);
        let data = first();
        let bundle = format!("{noise}\n{}{noise}\n{}", data["ca.crt"], data["ca.crt"]);
        prop_assert!(Root::from_pem_bundle(bundle.as_bytes()).len() <= 1);
    }
}
