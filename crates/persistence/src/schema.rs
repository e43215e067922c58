//! The tables, as both databases have them; a test compares this with their catalogues.
#![expect(
    missing_docs,
    reason = "the macro makes public items without documentation"
)]

diesel::table! {
    clients (id) {
        id -> BigInt,
        name -> Text,
        created_at -> Timestamp,
        on_unknown -> Nullable<SmallInt>,
        max_per_person -> Nullable<Integer>,
        max_per_person_hours -> Nullable<Integer>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> BigInt,
        client_id -> BigInt,
        name -> Text,
        hash -> Binary,
        prefix -> Text,
        scopes -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    idempotency_keys (client_id, key) {
        client_id -> BigInt,
        key -> Text,
        owner -> Text,
        lease_until -> Timestamp,
        created_at -> Timestamp,
        scope -> Nullable<Text>,
        fingerprint -> Nullable<Binary>,
        status -> Nullable<SmallInt>,
        headers -> Nullable<Text>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    campaigns (id) {
        id -> BigInt,
        public_id -> Text,
        client_id -> BigInt,
        kind -> SmallInt,
        status -> SmallInt,
        start_at -> Timestamp,
        sender_kind -> SmallInt,
        sender -> Text,
        message -> Text,
        recipient_count -> BigInt,
        invalid_count -> BigInt,
        duplicate_count -> BigInt,
        opt_out_link_id -> Nullable<Integer>,
        track_link_url -> Nullable<Text>,
        paused_reason -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
        on_unknown -> Nullable<SmallInt>,
        sending_window -> Nullable<Text>,
        outside_window -> Text,
        expires_at -> Nullable<Timestamp>,
        contact_group_ids -> Nullable<Text>,
        exclude_contact_group_ids -> Nullable<Text>,
        name -> Nullable<Text>,
        max_per_second -> Nullable<Integer>,
        spread_until -> Nullable<Timestamp>,
        smart_encoding -> Bool,
        utm -> Nullable<Text>,
    }
}

diesel::table! {
    recipients (campaign_id, seq) {
        campaign_id -> BigInt,
        seq -> Integer,
        phone -> Text,
        region -> Text,
        name -> Nullable<Text>,
        custom1 -> Nullable<Text>,
        custom2 -> Nullable<Text>,
        contact_group_id -> Nullable<Text>,
        time_zone -> Nullable<Text>,
    }
}

diesel::table! {
    invalid_contacts (campaign_id, position) {
        campaign_id -> BigInt,
        position -> BigInt,
        phone_number -> Text,
        property -> Text,
        reason -> Text,
    }
}

diesel::table! {
    send_units (campaign_id, first_seq) {
        campaign_id -> BigInt,
        first_seq -> Integer,
        last_seq -> Integer,
        owner -> Nullable<Text>,
        epoch -> BigInt,
        lease_until -> Nullable<Timestamp>,
        marked_upto -> Integer,
        sent_at -> Nullable<Timestamp>,
        queued -> Integer,
        sent -> Integer,
        accepted -> Integer,
        delivered -> Integer,
        failed -> Integer,
        unknown -> Integer,
        opted_out -> Integer,
        not_before -> Nullable<Timestamp>,
    }
}

diesel::table! {
    messages (campaign_id, seq) {
        campaign_id -> BigInt,
        seq -> Integer,
        status -> SmallInt,
        attempt -> SmallInt,
        parts -> SmallInt,
        worst -> Nullable<SmallInt>,
        reference -> Integer,
        price -> Nullable<BigInt>,
        gateway -> Text,
        sender -> Text,
        text -> Text,
        error -> Nullable<Text>,
        sent_at -> Timestamp,
        updated_at -> Timestamp,
        received_at -> Nullable<Timestamp>,
        parts_ended -> BigInt,
        handed_over -> Bool,
        unknown_since -> Nullable<Timestamp>,
        resends -> SmallInt,
    }
}

diesel::table! {
    outstanding_parts (receipt_key, campaign_id, seq, attempt) {
        receipt_key -> Text,
        campaign_id -> BigInt,
        seq -> Integer,
        attempt -> SmallInt,
        part -> SmallInt,
        destination -> BigInt,
        sent_at -> Timestamp,
    }
}

diesel::table! {
    person_sends (client_id, phone, campaign_id, seq) {
        client_id -> BigInt,
        phone -> BigInt,
        campaign_id -> BigInt,
        seq -> Integer,
        sent_at -> Timestamp,
    }
}

diesel::table! {
    unmatched_receipts (id) {
        id -> BigInt,
        receipt_key -> Text,
        gateway -> Text,
        provider_id -> Text,
        status -> Nullable<SmallInt>,
        error -> Nullable<Text>,
        destination -> Nullable<Text>,
        received_at -> Timestamp,
    }
}

diesel::table! {
    inbound_messages (id) {
        id -> BigInt,
        gateway -> Text,
        source -> Text,
        destination -> Text,
        text -> Text,
        received_at -> Timestamp,
        client_id -> Nullable<BigInt>,
        campaign_id -> Nullable<BigInt>,
        seq -> Nullable<Integer>,
    }
}

diesel::table! {
    link_secrets (version) {
        version -> BigInt,
        secret -> Binary,
        created_at -> Timestamp,
    }
}

diesel::table! {
    number_blocks (campaign_id, first_number) {
        campaign_id -> BigInt,
        first_number -> BigInt,
        entries -> Binary,
    }
}

diesel::table! {
    contact_groups (id) {
        id -> BigInt,
        public_id -> Text,
        client_id -> BigInt,
        name -> Text,
        contact_count -> BigInt,
        last_seq -> Integer,
        created_at -> Timestamp,
    }
}

diesel::table! {
    group_contacts (group_id, seq) {
        group_id -> BigInt,
        seq -> Integer,
        phone -> Text,
        region -> Text,
        name -> Nullable<Text>,
        custom1 -> Nullable<Text>,
        custom2 -> Nullable<Text>,
        time_zone -> Nullable<Text>,
    }
}

diesel::table! {
    breakages (campaign_id, seq) {
        campaign_id -> BigInt,
        seq -> Integer,
        times -> SmallInt,
    }
}

diesel::table! {
    nodes (id) {
        id -> Text,
        host -> Text,
        roles -> Text,
        version -> Text,
        gateways -> Text,
        started_at -> Timestamp,
        last_seen_at -> Timestamp,
        lease_until -> Timestamp,
        gone_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    opt_outs (id) {
        id -> BigInt,
        client_id -> BigInt,
        number -> Text,
        scope -> Text,
        scope_value -> Text,
        source -> Text,
        probable -> Bool,
        evidence -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    opt_out_links (id) {
        id -> BigInt,
        client_id -> BigInt,
        name -> Text,
        title -> Nullable<Text>,
        text -> Nullable<Text>,
        language -> Text,
        scope -> Text,
        colour -> Nullable<Text>,
        logo_text -> Nullable<Text>,
        created_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    opt_out_settings (client_id) {
        client_id -> BigInt,
        language -> Text,
        scope -> Text,
        confirmation -> Bool,
        brand -> Nullable<Text>,
        stop_words -> Nullable<Text>,
        start_words -> Nullable<Text>,
        help_words -> Nullable<Text>,
        stop_text -> Nullable<Text>,
        help_text -> Nullable<Text>,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    web_hooks (id) {
        id -> BigInt,
        public_id -> Text,
        client_id -> BigInt,
        url -> Text,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        secret -> Binary,
        former_secret -> Nullable<Binary>,
        former_until -> Nullable<Timestamp>,
        created_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    gateway_binds (gateway, number) {
        gateway -> Text,
        number -> Integer,
        owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    consents (id) {
        id -> BigInt,
        client_id -> BigInt,
        number -> Text,
        consent -> Text,
        scope -> Text,
        scope_value -> Text,
        source -> Text,
        probable -> Bool,
        evidence -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    web_hook_deliveries (id) {
        id -> BigInt,
        web_hook_id -> BigInt,
        event_id -> Text,
        campaign_id -> BigInt,
        seq -> Integer,
        attempt -> SmallInt,
        message_status -> SmallInt,
        parts -> SmallInt,
        price -> Nullable<BigInt>,
        sent_at -> Timestamp,
        changed_at -> Timestamp,
        state -> SmallInt,
        attempts -> SmallInt,
        next_at -> Timestamp,
        owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        tried_at -> Nullable<Timestamp>,
        response_status -> Nullable<SmallInt>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    clicks (id) {
        id -> BigInt,
        campaign_id -> BigInt,
        seq -> Integer,
        clicked_at -> Timestamp,
        class -> Text,
        rule -> Text,
        agent -> Text,
        user_agent -> Text,
        network -> Nullable<Text>,
    }
}

diesel::joinable!(api_keys -> clients (client_id));
diesel::joinable!(campaigns -> clients (client_id));
diesel::joinable!(recipients -> campaigns (campaign_id));
diesel::joinable!(messages -> campaigns (campaign_id));
diesel::joinable!(send_units -> campaigns (campaign_id));

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    breakages,
    campaigns,
    clicks,
    clients,
    consents,
    contact_groups,
    gateway_binds,
    group_contacts,
    idempotency_keys,
    inbound_messages,
    invalid_contacts,
    link_secrets,
    messages,
    nodes,
    number_blocks,
    opt_out_links,
    opt_out_settings,
    opt_outs,
    outstanding_parts,
    person_sends,
    recipients,
    send_units,
    unmatched_receipts,
    web_hook_deliveries,
    web_hooks,
);
