//! Tests of: which codes are whose, when several machines share the work?

use alloy_primitives::keccak256;

use super::*;

#[test]
fn every_code_has_one_shard() {
    let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].map(|text| text.parse().unwrap()).into();
    let mut sizes = [0; 3];
    for n in 0..300_u32 {
        let hash = keccak256(n.to_be_bytes());
        let owners: Vec<usize> = (0..3).filter(|at| shards[*at].has(hash)).collect();
        let [owner] = owners[..] else { panic!("{owners:?}") };
        sizes[owner] += 1;
        assert!(Shard::ALL.has(hash));
    }
    assert!(sizes.into_iter().all(|size| 60 < size), "{sizes:?}");
}

#[test]
fn what_is_no_shard_is_refused() {
    for text in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/3"] {
        assert_eq!(text.parse::<Shard>(), Err(ShardError), "{text}");
    }
    assert_eq!("2/8".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/8".to_owned()));
}
