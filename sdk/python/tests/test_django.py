"""Django, Django REST framework and Ninja's way of asking, in real requests."""

import asyncio
from types import SimpleNamespace

import pytest

django = pytest.importorskip("django", reason="Django is not installed (Debian's package python3-django)")

from django.conf import settings  # noqa: E402

if not settings.configured:
    settings.configure(
        SECRET_KEY="of tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True, INSTALLED_APPS=[], DATABASES={},
        LOGGING_CONFIG=None, MIDDLEWARE=["vestibule.django.VestibuleMiddleware"],
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": ["vestibule.drf.VestibuleAuthentication"], "UNAUTHENTICATED_USER": None,
                        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]})
    django.setup()

from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.test import AsyncClient, Client, override_settings  # noqa: E402
from django.urls import path  # noqa: E402

from vestibule import InvalidToken, Unavailable, Verifier  # noqa: E402
from vestibule.django import identity_required  # noqa: E402
from vestibule.ninja import AsyncBearer, Bearer, protect  # noqa: E402
from vestibule.testing import LocalIssuer  # noqa: E402

try:
    import rest_framework
except ImportError:
    rest_framework = None

AUDIENCE = "api"
REFUSED = 'Bearer error="invalid_token"'


def whoever(request):
    return JsonResponse({"subject": request.vestibule and request.vestibule.subject})


@identity_required
def users(request):
    return JsonResponse({"subject": request.vestibule.subject})


async def whoever_async(request):
    return JsonResponse({"subject": request.vestibule and request.vestibule.subject})


@identity_required
async def users_async(request):
    return JsonResponse({"subject": request.vestibule.subject})


urlpatterns = [path("whoever", whoever), path("users", users), path("async/whoever", whoever_async), path("async/users", users_async)]

if rest_framework:
    from rest_framework.permissions import AllowAny, DjangoModelPermissions, IsAdminUser
    from rest_framework.response import Response
    from rest_framework.throttling import UserRateThrottle
    from rest_framework.views import APIView

    class Throttle(UserRateThrottle):
        rate = "1000/min"

    class UsersAPI(APIView):
        throttle_classes = [Throttle]

        def get(self, request):
            assert request.user.is_authenticated and not request.user.is_anonymous
            return Response({"subject": request.auth.subject, "pk": request.user.pk, "user": str(request.user)})

    class WhoeverAPI(APIView):
        permission_classes = [AllowAny]

        def get(self, request):
            return Response({"subject": request.auth and request.auth.subject})

    class OrdersAPI(APIView):
        permission_classes = [DjangoModelPermissions]
        queryset = SimpleNamespace(model=SimpleNamespace(_meta=SimpleNamespace(app_label="shop", model_name="order")))

        def get(self, request):
            return Response({"subject": request.auth.subject})

        post = get

    class StaffAPI(OrdersAPI):
        permission_classes = [IsAdminUser]

    urlpatterns += [path("drf/orders", OrdersAPI.as_view()), path("drf/staff", StaffAPI.as_view())]
    urlpatterns += [path("drf/users", UsersAPI.as_view()), path("drf/whoever", WhoeverAPI.as_view())]

needs_drf = pytest.mark.skipif(
    not rest_framework, reason="Django REST framework is not installed (Debian's package python3-djangorestframework)")


@pytest.fixture
def issuer():
    with LocalIssuer(AUDIENCE) as local, override_settings(VESTIBULE_VERIFIER=Verifier([local.issuer])):
        yield local


@pytest.fixture
def gone():
    with LocalIssuer(AUDIENCE) as local:
        token = local.token()
    with override_settings(VESTIBULE_VERIFIER=Verifier([local.issuer])):
        yield token


def get(address, token=None, scheme="Bearer"):
    return Client().get(address, **({"HTTP_AUTHORIZATION": f"{scheme} {token}"} if token else {}))


def get_async(address, token=None):
    return asyncio.run(AsyncClient().get(address, **({"AUTHORIZATION": f"Bearer {token}"} if token else {})))


@pytest.mark.parametrize("ask, prefix", [(get, ""), (get, "async/"), (get_async, ""), (get_async, "async/")])
def test_django(issuer, ask, prefix):
    good = issuer.token("ann")
    assert ask(f"/{prefix}whoever").json() == {"subject": None}
    assert ask(f"/{prefix}whoever", good).json() == ask(f"/{prefix}users", good).json() == {"subject": "ann"}
    for page in "whoever", "users":
        answer = ask(f"/{prefix}{page}", "garbage")
        assert (answer.status_code, answer["WWW-Authenticate"], answer.content) == (401, REFUSED, b'{"status":401}')
    answer = ask(f"/{prefix}users")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("ask", [get, get_async])
def test_django_without_keys_is_503(gone, ask):
    answer = ask("/whoever", gone)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_django_leaves_other_schemes_to_others(issuer):
    assert get("/whoever", "YW5uOmE=", "Basic").json() == {"subject": None}


def test_without_the_middleware_nobody_is_let_in():
    assert users(HttpRequest()).status_code == 401
    assert asyncio.run(users_async(HttpRequest())).status_code == 401


# DRF is asked behind no middleware of ours: it must do by itself.
alone = override_settings(MIDDLEWARE=[])


@needs_drf
@alone
def test_drf(issuer):
    good = issuer.token("ann")
    assert get("/drf/users", good).json() == {"subject": "ann", "pk": f"{issuer.url}#ann", "user": "ann"}
    assert get("/drf/whoever").json() == {"subject": None}
    for page in "users", "whoever":
        answer = get(f"/drf/{page}", "garbage")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, REFUSED)
        assert "three parts" not in answer.content.decode()
    answer = get("/drf/users")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    answer = get("/drf/users", "YW5uOmE=", "Basic")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    for bad in (issuer.token(token_use="refresh"), issuer.token(aud="other"), issuer.token(expires_in=-1), issuer.token()[:-4]):
        assert get("/drf/users", bad).status_code == 401


@needs_drf
@alone
def test_drf_permissions_of_rows_are_nobodys(issuer):
    good = issuer.token("ann")
    assert get("/drf/orders", good).json() == {"subject": "ann"}  # for which a model asks no permission
    assert Client().post("/drf/orders", HTTP_AUTHORIZATION=f"Bearer {good}").status_code == 403
    assert get("/drf/staff", good).status_code == 403
    assert get("/drf/orders").status_code == 401


@needs_drf
@alone
def test_drf_without_keys_is_503(gone):
    answer = get("/drf/whoever", gone)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


class Api:
    """What Ninja does with callables and with what they raise (ninja/operation.py, ninja/main.py), without Ninja."""

    def __init__(self):
        self.handlers = {}

    def add_exception_handler(self, kind, handler):
        self.handlers[kind] = handler

    def call(self, auth, token=None, scheme="Bearer"):
        request = HttpRequest()
        if token is not None:
            request.META["HTTP_AUTHORIZATION"] = f"{scheme} {token}"
        try:
            identity = auth(request)
            if asyncio.iscoroutine(identity):
                identity = asyncio.run(identity)
        except Exception as error:
            return self.handlers[type(error)](request, error)
        return identity or HttpResponse(status=401)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_ninja(issuer, asynchronous):
    api, verifier = Api(), settings.VESTIBULE_VERIFIER
    auth = protect(api, verifier, asynchronous=asynchronous)
    assert isinstance(auth, AsyncBearer if asynchronous else Bearer)
    assert api.call(auth, issuer.token("ann")).subject == "ann"
    answer = api.call(auth, "garbage")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, REFUSED)
    assert api.call(auth).status_code == 401
    assert api.call(auth, "YW5uOmE=", "Basic").status_code == 401
    assert set(api.handlers) == {InvalidToken, Unavailable}


@pytest.mark.parametrize("kind", [Bearer, AsyncBearer])
def test_ninja_by_itself(issuer, kind):
    """Nothing is raised for Ninja to make a 500 of: nobody is known, and it answers 401."""
    auth = kind(settings.VESTIBULE_VERIFIER)
    assert Api().call(auth, issuer.token("ann")).subject == "ann"
    assert Api().call(auth, "garbage").status_code == 401


def test_ninja_without_keys_is_503(gone):
    api = Api()
    answer = api.call(protect(api, settings.VESTIBULE_VERIFIER), gone)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
