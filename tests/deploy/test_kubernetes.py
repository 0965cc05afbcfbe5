"""The manifests: valid for old and new clusters, hardened, in agreement with each other."""

import ipaddress
import re
import shutil
import subprocess
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate  # type: ignore[import-untyped]  # the package ships no annotations
import pytest
import yaml

from tests.deploy.manifests import KUBERNETES, ROOT, kubernetes, of_kind, pods

OLDEST = "1.29"
VERSIONS = (OLDEST, kubernetes_validate.latest_version())
CONFIG: dict[str, str] = of_kind("ConfigMap")["patchbay"]["data"]
HOST = urlsplit(CONFIG["PUBLIC_URL"]).hostname
CONTAINERS = {
    f"{pod}/{container['name']}": container
    for pod, template in pods().items()
    for container in [*template["spec"].get("initContainers", ()), *template["spec"]["containers"]]
}


def web() -> dict[str, Any]:
    container: dict[str, Any] = CONTAINERS["patchbay-web/web"]
    return container


def name_of(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", kubernetes(), ids=name_of)
def test_every_manifest_follows_the_schema_of_its_kind(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_example_of_the_secret_is_valid_and_empty() -> None:
    secret = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())
    kubernetes_validate.validate(secret, OLDEST, strict=True)
    assert set(secret["stringData"].values()) == {""}
    assert secret["metadata"]["name"] == "patchbay"


def test_every_file_belongs_to_the_kustomization() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    generated = [name for generator in kustomization["configMapGenerator"] for name in generator["files"]]
    apart = ["kustomization.yaml", "secret.example.yaml", "pod-monitor.yaml"]
    files = {str(path.relative_to(KUBERNETES)) for path in KUBERNETES.rglob("*") if path.is_file()}
    assert files == {*kustomization["resources"], *generated, *apart}


def test_kustomize_assembles_it() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        # It is no package of Debian's; what it would refuse is asserted on the files themselves below and above.
        pytest.skip(
            "kubectl is missing: install it as https://kubernetes.io/docs/tasks/tools/ says. Until then the manifests "
            "are checked one by one, and not put together"
        )
    done = subprocess.run([kubectl, "kustomize", KUBERNETES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assembled = list(yaml.safe_load_all(done.stdout))
    assert len(assembled) == len(kubernetes()) + 1  # the scripts of the backup
    assert {each["metadata"].get("namespace", "patchbay") for each in assembled} == {"patchbay"}
    assert "image: patchbay\n" not in done.stdout
    (scripts,) = [each for each in assembled if "back-up.sh" in each.get("data", {})]
    assert f"name: {scripts['metadata']['name']}" in done.stdout  # what the pods mount


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_is_held_to_the_least(container: dict[str, Any]) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert container["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_gets_the_same_image_and_settings(container: dict[str, Any]) -> None:
    assert container["image"] == "patchbay"
    assert container["envFrom"] == [{"configMapRef": {"name": "patchbay"}}, {"secretRef": {"name": "patchbay"}}]


@pytest.mark.parametrize("pod", pods().values(), ids=pods())
def test_every_pod_is_held_to_the_least(pod: dict[str, Any]) -> None:
    assert pod["spec"]["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod["spec"]["automountServiceAccountToken"] is False
    # A service called `port` or `database` would otherwise set variables that look like ours.
    assert pod["spec"]["enableServiceLinks"] is False


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_probes_ask_the_port_that_is_named(probe: str) -> None:
    request = web()[probe]["httpGet"]
    assert request["path"] == ("/readyz" if probe == "readinessProbe" else "/livez")
    assert request["port"] in {port["name"] for port in web()["ports"]}


def test_the_ingress_is_for_the_public_address() -> None:
    spec = of_kind("Ingress")["patchbay"]["spec"]
    assert [rule["host"] for rule in spec["rules"]] == spec["tls"][0]["hosts"] == [HOST]


def test_the_ingress_lets_streams_through_and_keeps_tokens_out_of_its_log() -> None:
    prefix = "nginx.ingress.kubernetes.io/"
    given = of_kind("Ingress")["patchbay"]["metadata"]["annotations"]
    annotations = {name.removeprefix(prefix): value for name, value in given.items()}
    assert annotations["proxy-buffering"] == "off"
    assert int(annotations["proxy-read-timeout"]) > 300
    assert annotations["enable-access-log"] == "false"


def test_no_ingress_redirects_a_token_to_https() -> None:
    """The controller redirects by itself where there is a certificate; Patchbay redirects pages, and refuses tokens."""
    given = of_kind("Ingress")["patchbay"]["metadata"]["annotations"]
    assert given["nginx.ingress.kubernetes.io/ssl-redirect"] == "false"
    assert given["nginx.ingress.kubernetes.io/force-ssl-redirect"] == "false"
    assert CONFIG.get("SECURE_SSL_REDIRECT", "1") == "1"


def test_metrics_are_closed_to_everybody_outside() -> None:
    closed = of_kind("Ingress")["patchbay-closed"]
    (rule,) = closed["spec"]["rules"]
    assert rule["host"] == HOST
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [("/metrics", "Prefix")]
    allowed = closed["metadata"]["annotations"]["nginx.ingress.kubernetes.io/whitelist-source-range"]
    assert ipaddress.ip_network(allowed).is_loopback


def test_the_pod_monitor_asks_each_pod_of_web_with_the_token() -> None:
    monitor = yaml.safe_load((KUBERNETES / "pod-monitor.yaml").read_text())
    assert selected(monitor["spec"]["selector"]["matchLabels"]) == {"patchbay-web"}
    assert monitor["metadata"]["namespace"] == of_kind("Namespace")["patchbay"]["metadata"]["name"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in web()["ports"]}
    assert (endpoint["path"], endpoint["authorization"]["credentials"]) == (
        "/metrics", {"name": "patchbay", "key": "METRICS_TOKEN"},
    )  # fmt: skip


def test_a_pod_of_web_is_given_the_time_that_it_takes_to_stop() -> None:
    waits = int(web()["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = pods()["patchbay-web"]["spec"]["terminationGracePeriodSeconds"]
    assert grace >= waits + int(CONFIG["SHUTDOWN_SECONDS"]) + 5


def test_a_release_never_leaves_fewer_pods_of_web() -> None:
    assert of_kind("Deployment")["patchbay-web"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_there_is_never_a_second_beat() -> None:
    spec = of_kind("Deployment")["patchbay-beat"]["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")


@pytest.mark.parametrize("name", ["patchbay-web", "patchbay-worker"])
def test_pods_wait_for_the_migrations_of_their_release(name: str) -> None:
    assert CONTAINERS[f"{name}/migrated"]["command"] == ["python", "manage.py", "migrate", "--check"]


def test_bundles_are_loaded_when_no_pod_of_the_release_before_is_left() -> None:
    assert CONTAINERS["patchbay-migrate/migrate"]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    assert CONTAINERS["patchbay-bundles/bundles"]["command"] == ["python", "manage.py", "load_integration"]
    page = (ROOT / "docs" / "operations.md").read_text()
    block = next(found for found in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "(config, migrate)" in found)
    steps = ["wait job/patchbay-migrate", "notin (bundles)", "rollout status deployment/", "component=bundles"]
    assert [block.index(step) for step in steps] == sorted(block.index(step) for step in steps)
    (waited_for,) = re.findall(r"for each in ([a-z ]+);", block)
    assert {f"patchbay-{each}" for each in waited_for.split()} == of_kind("Deployment").keys()


def test_autoscaler_and_disruption_budget_are_about_web() -> None:
    scaler = of_kind("HorizontalPodAutoscaler")["patchbay-web"]["spec"]
    assert scaler["scaleTargetRef"]["name"] in of_kind("Deployment")
    assert "replicas" not in of_kind("Deployment")["patchbay-web"]["spec"]
    assert scaler["minReplicas"] > 1
    assert selected(of_kind("PodDisruptionBudget")["patchbay-web"]["spec"]["selector"]["matchLabels"]) == {
        "patchbay-web"
    }


def test_the_service_and_its_policy_select_the_pods_of_web_alone() -> None:
    assert selected(of_kind("Service")["patchbay-web"]["spec"]["selector"]) == {"patchbay-web"}
    policies = of_kind("NetworkPolicy")
    assert selected(policies["patchbay-web"]["spec"]["podSelector"]["matchLabels"]) == {"patchbay-web"}
    assert selected(policies["patchbay"]["spec"]["podSelector"]["matchLabels"]) == pods().keys()


@pytest.mark.parametrize("deployment", of_kind("Deployment").values(), ids=name_of)
def test_every_deployment_selects_its_own_pods_alone(deployment: dict[str, Any]) -> None:
    assert selected(deployment["spec"]["selector"]["matchLabels"]) == {deployment["metadata"]["name"]}


def selected(labels: dict[str, str]) -> set[str]:
    """Return the workloads whose pods have these labels."""
    return {name for name, pod in pods().items() if labels.items() <= pod["metadata"]["labels"].items()}


def egress_of(policy: str) -> list[dict[str, Any]]:
    """Return the rules by which pods may connect elsewhere."""
    rules: list[dict[str, Any]] = of_kind("NetworkPolicy")[policy]["spec"]["egress"]
    return rules


def test_pods_connect_nowhere_unless_a_policy_says_so() -> None:
    spec = of_kind("NetworkPolicy")["patchbay"]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & spec.keys()


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.100.100.200",
        "127.0.0.1",
        "fd00:ec2::254",
        "::1",
    ],
)
def test_no_pod_reaches_inner_addresses_as_a_vendor(address: str) -> None:
    blocks = [peer["ipBlock"] for rule in egress_of("patchbay-vendors") for peer in rule["to"]]
    assert not any(_lets_through(block, address) for block in blocks)


def _lets_through(block: dict[str, Any], address: str) -> bool:
    inside = ipaddress.ip_address(address)
    excepted = any(inside in ipaddress.ip_network(each) for each in block.get("except", ()))
    return inside in ipaddress.ip_network(block["cidr"]) and not excepted


def test_vendors_are_called_by_web_and_worker_at_443_and_by_nothing_else() -> None:
    selector = of_kind("NetworkPolicy")["patchbay-vendors"]["spec"]["podSelector"]
    assert selector["matchExpressions"][0]["values"] == ["web", "worker"]
    assert [rule["ports"] for rule in egress_of("patchbay-vendors")] == [[{"protocol": "TCP", "port": 443}]]
    blocks = [peer["ipBlock"] for rule in egress_of("patchbay-vendors") for peer in rule["to"]]
    assert all(any(_lets_through(block, each) for block in blocks) for each in ("8.8.8.8", "2606:4700::1111"))


def test_mail_goes_from_the_worker_to_public_servers_alone() -> None:
    selector = of_kind("NetworkPolicy")["patchbay-mail"]["spec"]["podSelector"]["matchLabels"]
    assert selected(selector) == {"patchbay-worker"}
    assert [rule["to"] for rule in egress_of("patchbay-mail")] == [rule["to"] for rule in egress_of("patchbay-vendors")]
    assert [port["port"] for rule in egress_of("patchbay-mail") for port in rule["ports"]] == [465, 587]


def test_monitoring_is_let_in_for_metrics_and_reached_for_traces() -> None:
    (inwards,) = of_kind("NetworkPolicy")["patchbay-metrics"]["spec"]["ingress"]
    (outwards,) = egress_of("patchbay-traces")
    assert inwards["from"] == outwards["to"]
    assert [port["port"] for port in outwards["ports"]] == [4317, 4318]


def test_every_pod_reaches_names_database_and_redis() -> None:
    ports = {port["port"] for rule in egress_of("patchbay-data") for port in rule["ports"]}
    assert ports == {53, 5432, 6379}
    assert selected(of_kind("NetworkPolicy")["patchbay-data"]["spec"]["podSelector"]["matchLabels"]) == pods().keys()
