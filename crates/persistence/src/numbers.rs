//! The numbers of a campaign: who is among its recipients, by number.
//!
//! They are known together when contacts have been taken in, so they are stored sorted, in blocks of about a thousand. A
//! look-up reads one block. An index over the recipients would be an entry for each, made in random order.

use std::collections::BTreeMap;

use clarion_domain::recipient::CampaignKey;
use diesel::prelude::*;

use crate::conn::on_each_backend;
use crate::schema::number_blocks;
use crate::{Conn, StoreError, stored};

/// Numbers of a new block. A block that grows beyond twice as many is divided.
const BLOCK: usize = 1_000;
/// Blocks of one statement.
const BLOCKS_AT_ONCE: usize = 100;
/// A number in eight octets and its recipient's sequence number in four, the highest octet first.
const ENTRY: usize = 12;

/// Stores numbers of a campaign, sorted, each with its recipient's sequence number counted from `before` on.
///
/// # Errors
/// The database's.
pub fn add(
    conn: &mut Conn,
    campaign: CampaignKey,
    before: u64,
    numbers: &[(u64, u32)],
) -> Result<(), StoreError> {
    let before: u32 = stored::unsigned("count of recipients", stored::count(before))?;
    let entries = numbers.iter().map(|(number, seq)| (*number, seq + before));
    let mut by_block: BTreeMap<Option<i64>, Vec<(u64, u32)>> = BTreeMap::new();
    let firsts: Vec<i64> = number_blocks::table
        .filter(number_blocks::campaign_id.eq(campaign.0))
        .order(number_blocks::first_number)
        .select(number_blocks::first_number)
        .load(conn)?;
    for (number, seq) in entries {
        let place = firsts.partition_point(|first| *first <= stored::count(number));
        let block = firsts.get(place.saturating_sub(1)).copied();
        by_block.entry(block).or_default().push((number, seq));
    }
    for (block, mut entries) in by_block {
        if let Some(first) = block {
            entries.extend(take_block(conn, campaign, first)?);
            entries.sort_unstable();
        }
        insert(conn, campaign, &entries)?;
    }
    Ok(())
}

/// The recipient of a campaign that has this number.
///
/// # Errors
/// The database's.
pub fn find(
    conn: &mut Conn,
    campaign: CampaignKey,
    number: u64,
) -> Result<Option<u32>, StoreError> {
    let block: Option<Vec<u8>> = number_blocks::table
        .filter(number_blocks::campaign_id.eq(campaign.0))
        .filter(number_blocks::first_number.le(stored::count(number)))
        .order(number_blocks::first_number.desc())
        .select(number_blocks::entries)
        .first(conn)
        .optional()?;
    let found = block.and_then(|block| read(&block).find(|(entry, _)| *entry == number));
    Ok(found.map(|(_, seq)| seq))
}

/// Removes a block; what it held.
fn take_block(
    conn: &mut Conn,
    campaign: CampaignKey,
    first: i64,
) -> Result<Vec<(u64, u32)>, StoreError> {
    let block = number_blocks::table.find((campaign.0, first));
    let entries: Vec<u8> = block.select(number_blocks::entries).first(conn)?;
    diesel::delete(block).execute(conn)?;
    Ok(read(&entries).collect())
}

fn insert(
    conn: &mut Conn,
    campaign: CampaignKey,
    entries: &[(u64, u32)],
) -> Result<(), StoreError> {
    let size = if entries.len() > 2 * BLOCK {
        BLOCK
    } else {
        2 * BLOCK
    };
    for some in entries.chunks(size * BLOCKS_AT_ONCE) {
        let rows: Vec<_> = some
            .chunks(size)
            .map(|block| {
                (
                    number_blocks::campaign_id.eq(campaign.0),
                    number_blocks::first_number.eq(stored::count(block[0].0)),
                    number_blocks::entries.eq(written(block)),
                )
            })
            .collect();
        on_each_backend!(conn, inner => diesel::insert_into(number_blocks::table)
            .values(&rows)
            .execute(inner))?;
    }
    Ok(())
}

fn written(block: &[(u64, u32)]) -> Vec<u8> {
    let mut entries = Vec::with_capacity(block.len() * ENTRY);
    for (number, seq) in block {
        entries.extend(number.to_be_bytes());
        entries.extend(seq.to_be_bytes());
    }
    entries
}

fn read(block: &[u8]) -> impl Iterator<Item = (u64, u32)> {
    let (entries, _) = block.as_chunks::<ENTRY>();
    entries
        .iter()
        .map(|[n0, n1, n2, n3, n4, n5, n6, n7, seq @ ..]| {
            let number = u64::from_be_bytes([*n0, *n1, *n2, *n3, *n4, *n5, *n6, *n7]);
            (number, u32::from_be_bytes(*seq))
        })
}
