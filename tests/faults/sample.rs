//! How many of all faults are tried, and which.

use std::env;

/// The seed that is used where none is given.
const SEED: u64 = 11;

/// Whether every fault is to be tried.
pub fn is_all() -> bool {
    env::var("CLOUDIM_FAULTS").is_ok_and(|value| value == "all")
}

/// The seed that draws the sample.
pub fn seed() -> u64 {
    env::var("CLOUDIM_FAULTS_SEED").map_or(SEED, |seed| seed.parse().expect("a number as seed"))
}

/// Numbers that look random, the same for each seed.
pub struct Draw(u64);

impl Draw {
    /// The draw of a `seed`, another for each `name`.
    pub fn new(seed: u64, name: &str) -> Self {
        let mix = |sum: u64, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
        Self(name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        // Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// So many of `all`, spread over them in their order; all of them if that is asked for.
    pub fn spread<T>(&mut self, all: Vec<T>, most: usize) -> Vec<T> {
        if is_all() || all.len() <= most {
            return all;
        }
        let length = all.len();
        let mut picked: Vec<usize> = (0..most)
            .map(|part| {
                let (from, to) = (part * length / most, (part + 1) * length / most);
                from + self.below(to - from)
            })
            .collect();
        picked.dedup();
        let all = all.into_iter().enumerate();
        all.filter(|(index, _)| picked.binary_search(index).is_ok()).map(|(_, one)| one).collect()
    }
}
