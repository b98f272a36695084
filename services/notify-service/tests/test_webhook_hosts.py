"""What is no host to call, whatever it would resolve to."""

import pytest

from notify_service.adapters.webhooks.guard import NotAllowed, parts_of


@pytest.mark.parametrize(
    "url",
    ["https://[fe80::1%25eth0]/", "https://[2606:4700::1111%eth0]/", "https://example.org:0/",
     f"https://{'a' * 64}.example.org/", f"https://{'a.' * 130}org/", "https://exa%mple.org/"],
)  # fmt: skip
def test_a_zone_port_0_and_a_name_too_long_are_refused(url):
    with pytest.raises(NotAllowed):
        parts_of(url, private_allowed=False)


def test_the_longest_label_and_a_plain_ipv6_address_are_hosts():
    assert parts_of(f"https://{'a' * 63}.example.org/", private_allowed=False)[1] == 443
    assert parts_of("https://[2606:4700::1111]/", private_allowed=False)[0] == "2606:4700::1111"
