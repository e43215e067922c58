//! How a gateway's binds are apportioned among the nodes that could keep them. Who leases which is the ledger's matter.

/// How many of `binds` a node may have, given how many each of the nodes has now.
///
/// As evenly as can be, and so that few binds move: what does not divide falls to those who have most. All quotas together
/// are `binds`; where there are fewer binds than nodes, some nodes have none. 0 for a node that is not among them.
#[must_use]
pub fn quota<'a>(
    binds: usize,
    nodes: impl IntoIterator<Item = (&'a str, usize)>,
    node: &str,
) -> usize {
    let mut nodes: Vec<_> = nodes.into_iter().collect();
    nodes.sort_unstable_by(|(one, has), (other, other_has)| {
        other_has.cmp(has).then_with(|| one.cmp(other))
    });
    let Some(rank) = nodes.iter().position(|(name, _)| *name == node) else {
        return 0;
    };
    binds / nodes.len() + usize::from(rank < binds % nodes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quotas(binds: usize, has: &[usize]) -> Vec<usize> {
        let names: Vec<String> = (0..has.len()).map(|node| format!("node {node}")).collect();
        let nodes = || names.iter().map(String::as_str).zip(has.iter().copied());
        names
            .iter()
            .map(|name| quota(binds, nodes(), name))
            .collect()
    }

    #[test]
    fn what_does_not_divide_stays_where_it_is() {
        assert_eq!(quotas(4, &[4]), [4]);
        assert_eq!(quotas(4, &[0, 4]), [2, 2]);
        assert_eq!(quotas(5, &[0, 5]), [2, 3]);
        assert_eq!(quotas(4, &[2, 0, 2]), [2, 1, 1]);
        assert_eq!(quotas(2, &[0, 1, 1]), [0, 1, 1]);
        assert_eq!(quotas(1, &[0, 0]), [1, 0]);
        assert_eq!(quota(4, [("one", 4)], "another"), 0);
    }

    proptest! {
        #[test]
        fn all_of_them_are_given_evenly(binds in 0_usize..100, has in prop::collection::vec(0_usize..20, 1..20)) {
            let quotas = quotas(binds, &has);
            prop_assert_eq!(quotas.iter().sum::<usize>(), binds);
            let (least, most) = (quotas.iter().min(), quotas.iter().max());
            prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
        }
    }
}
