"""audit-service's own tree over its copies of another log: of the entries as they came, not of what the log says of itself."""

from typing import Any

from runtime.log_tree import LogTree, fill, tree_sql


def copied_tree(source: str, connection: Any, tenant: str) -> LogTree:
    """The tree; ``connection`` reaches the tenant's rows."""
    leaves = f"""
        SELECT c.index, sha256('\\x00'::bytea || c.entry) FROM audit.copies c
         WHERE wanted.level = 0 AND c.tenant = $1 AND c.source = '{source}' AND c.index >= wanted.first
           AND c.index < wanted.past
         ORDER BY c.index"""
    return LogTree(connection, tenant, tree_sql(leaves, "audit.copied_hashes t", f"t.source = '{source}'"))


async def root_of_copies(source: str, connection: Any, tenant: str, size: int) -> bytes:
    """The root over the first ``size`` copies; raises `runtime.log_tree.TreeIncomplete` where some are missing."""
    tree = copied_tree(source, connection, tenant)
    await fill(tree, "audit.copied_hashes", {"source": source}, size, connection, tenant)
    return await tree.root(size)
