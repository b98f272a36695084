"""The rule profiles that come with Handrail: the files in ``profiles/``. To add a state, add its file there."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from contracts.profile_check import check_profile
from contracts.rule_profile import RuleProfile, RuleProfiles


@cache
def shipped_profiles() -> RuleProfiles:
    """Every profile that is shipped, each found to be good; raises `ValueError` naming the file that is not."""
    folder = files("contracts") / "profiles"
    texts = {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".toml")}
    return read_profiles(texts.items())


def read_profiles(texts: Iterable[tuple[str, str]]) -> RuleProfiles:
    """Profiles by file name and text: the floors first, because the states stand on them."""
    read: list[RuleProfile] = []
    for name, text in sorted(texts, key=lambda file: (not file[0].startswith("federal-"), file[0])):
        profile, faults = check_profile(text, RuleProfiles(read))
        if profile is None:
            raise ValueError(f"{name}: {'; '.join(map(str, faults))}")
        read.append(profile)
    return RuleProfiles(read)
