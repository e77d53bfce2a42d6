from itertools import product

import pytest

from newsletter_cli.subscribers.states import (
    OF_ADDRESS,
    ON_LIST,
    AddressEvent,
    AddressStatus,
    ListEvent,
    SubscriptionStatus,
)

LIST_STATES = (None, *SubscriptionStatus)


def test_every_pair_on_a_list_has_its_meaning():
    assert set(ON_LIST) == set(product(LIST_STATES, ListEvent))


def test_every_pair_of_an_address_has_its_meaning():
    assert set(OF_ADDRESS) == set(product(AddressStatus, AddressEvent))


@pytest.mark.parametrize("event", [event for event in ListEvent if event is not ListEvent.CONFIRM])
def test_only_the_readers_own_confirmation_lifts_an_unsubscription(event):
    assert ON_LIST[SubscriptionStatus.UNSUBSCRIBED, event] is SubscriptionStatus.UNSUBSCRIBED


@pytest.mark.parametrize("event", [ListEvent.IMPORT, ListEvent.IMPORT_WITH_CONSENT])
@pytest.mark.parametrize("status", SubscriptionStatus)
def test_an_import_moves_nobody_who_is_on_the_list(event, status):
    assert ON_LIST[status, event] is status


@pytest.mark.parametrize("event", [ListEvent.LEAVE, ListEvent.REMOVE])
@pytest.mark.parametrize("status", SubscriptionStatus)
def test_leaving_works_from_every_state(event, status):
    assert ON_LIST[status, event] is SubscriptionStatus.UNSUBSCRIBED


@pytest.mark.parametrize("status", AddressStatus)
def test_no_file_changes_an_address(status):
    assert OF_ADDRESS[status, AddressEvent.FILE] is status


@pytest.mark.parametrize("status", [AddressStatus.COMPLAINED, AddressStatus.FORGOTTEN])
def test_a_release_lifts_suspensions_only(status):
    assert OF_ADDRESS[status, AddressEvent.RELEASE] is status
    assert OF_ADDRESS[AddressStatus.SUSPENDED, AddressEvent.RELEASE] is AddressStatus.OK


@pytest.mark.parametrize("event", AddressEvent)
def test_forgotten_is_for_ever(event):
    assert OF_ADDRESS[AddressStatus.FORGOTTEN, event] is AddressStatus.FORGOTTEN


def test_every_state_of_a_list_can_be_reached():
    reached = {None}
    while True:
        more = {ON_LIST[pair] for pair in ON_LIST if pair[0] in reached}
        if more <= reached:
            break
        reached |= more
    assert reached == set(LIST_STATES)
