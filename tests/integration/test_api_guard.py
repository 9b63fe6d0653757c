"""Every answer leaves a browser little to do, and only our own names are served."""

from memory.sealing import Sealer
from tests.integration.api_rig import api
from tests.integration.effect_rows import NOW


async def test_every_answer_leaves_a_browser_little_to_do(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        for path in ("/health", "/accept/x", "/pay/x", "/nowhere", "/static/pages.css", "/channels/sms"):
            headers = (await it.http.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'none'; "), path
            assert "form-action 'self'" in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"


async def test_a_foreign_name_for_this_machine_is_not_served(fresh_dsn: str, sealer: Sealer) -> None:
    ours = ("127.0.0.1:8502", "localhost", "[::1]:8502", "LOCALHOST:1")
    foreign = ("evil.example", "127.0.0.1.evil.example:8502", "")
    async with api(fresh_dsn, sealer) as it:
        for host in (*ours, *foreign):
            answer = await it.http.get("/static/pages.css", headers={"host": host})
            assert answer.status_code == (200 if host in ours else 421), host


async def test_health_names_what_is_missing(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        bare = await it.http.get("/health")
        assert bare.status_code == 503
        assert bare.json() == {
            "status": "degraded", "database": True, "policy": None, "worker": False,
            "waiting_events": 0, "dead_events": 0, "failed_effects": 0,
        }  # fmt: skip
        await it.world.insert("policies", version="7", content_hash="x", content="{}", effective_at=NOW)
        await it.world.insert("policy_activations", version="7", activated_at=NOW, activated_by="kim")
        await it.world.insert("heartbeats", process="jobs:here:1", kind="jobs")
        good = await it.http.get("/health")
        assert (good.status_code, good.json()["policy"], good.json()["worker"]) == (200, "7", True)
        await it.world.pool.close()
        assert (await it.http.get("/health")).json()["database"] is False
