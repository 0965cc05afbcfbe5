"""Servers of the cluster over REST, and the tools that a replica lists for one."""

from typing import Any

import httpx

from tests.cluster.copies import Cluster, Desk

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def server_path(desk: Desk, server: dict[str, Any]) -> str:
    return f"/integrated-account/{desk.account_id}/mcp/{server['id']}"


def listed(cluster: Cluster, token: str, replica: int) -> set[str]:
    answer = httpx.post(cluster.mcp(token, replica), json=LIST, timeout=10).raise_for_status().json()
    return {tool["name"] for tool in answer["result"]["tools"]}
