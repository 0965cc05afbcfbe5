"""What a person may see and do: the environments they belong to, and their role in each."""

from django.db.models import QuerySet

from accounts.models import Environment, IntegratedAccount, Membership, Role, User


def environments_of(user: User) -> QuerySet[Environment]:
    """Return the environments that a person belongs to."""
    return Environment.objects.filter(memberships__user=user)


def accounts_of(user: User) -> QuerySet[IntegratedAccount]:
    """Return the accounts of every environment that a person belongs to."""
    return IntegratedAccount.objects.filter(environment__memberships__user=user)


def may(user: User, environment: Environment, role: Role) -> bool:
    """Tell whether a person may do in an environment what `role` may; False for outsiders."""
    membership = Membership.objects.filter(user=user, environment=environment).first()
    return membership is not None and membership.may(role)
