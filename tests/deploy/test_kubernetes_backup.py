"""The jobs that back up and check: hardened, on the same volume and scripts, the check beside the database in use."""

from typing import Any

import pytest
import yaml

from tests.deploy.manifests import KUBERNETES, compose, of_kind

JOBS: dict[str, dict[str, Any]] = {
    name: job["spec"]["jobTemplate"]["spec"]["template"] for name, job in of_kind("CronJob").items()
}
CONTAINERS = {
    f"{name}/{container['name']}": container
    for name, pod in JOBS.items()
    for container in [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]
}


def test_there_is_a_backup_and_a_check() -> None:
    assert JOBS.keys() == {"patchbay-backup", "patchbay-backup-check"}


@pytest.mark.parametrize("pod", JOBS.values(), ids=JOBS)
def test_every_pod_is_held_to_the_least(pod: dict[str, Any]) -> None:
    context = pod["spec"]["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] == context["fsGroup"] == 999
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "patchbay"  # which the policies speak of


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_is_held_to_the_least(container: dict[str, Any]) -> None:
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context.get("runAsUser") == (10001 if container["image"] == "patchbay" else None)
    assert container["resources"].keys() == {"requests", "limits"}
    assert container["image"] in {"patchbay", compose()["services"]["postgres"]["image"]}


def test_the_scripts_that_are_run_are_those_that_are_mounted() -> None:
    generators = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["configMapGenerator"]
    (files,) = [each["files"] for each in generators if each["name"] == "patchbay-backup"]
    run = {CONTAINERS[name]["command"][1] for name in ("patchbay-backup/dump", "patchbay-backup-check/restore")}
    assert run == {name.replace("backup/", "/scripts/") for name in files}
    for pod in JOBS.values():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        assert volumes["scripts"]["configMap"] == {"name": "patchbay-backup"}
        assert volumes["backups"]["persistentVolumeClaim"]["claimName"] in of_kind("PersistentVolumeClaim")


def test_the_check_never_touches_the_database_in_use() -> None:
    pod = JOBS["patchbay-backup-check"]["spec"]
    given = [value for each in CONTAINERS.values() for value in each.get("env", ()) if value["name"] == "SCRATCH_URL"]
    (scratch,) = {value["value"] for value in given}
    # `env` goes before `envFrom`, which has the Secret's DATABASE_URL.
    assert {"name": "DATABASE_URL", "value": scratch} in CONTAINERS["patchbay-backup-check/keys"]["env"]
    assert "127.0.0.1" in scratch
    database = CONTAINERS["patchbay-backup-check/scratch"]
    assert database["restartPolicy"] == "Always"  # a sidecar: it runs beside those that follow
    assert pod["initContainers"][0] is database
    restore = CONTAINERS["patchbay-backup-check/restore"]
    assert {"name": "backups", "mountPath": "/backups", "readOnly": True} in restore["volumeMounts"]
