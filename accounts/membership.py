"""What a person may see and do: the environments they belong to, and their role in each."""

from django.db.models import Q, QuerySet

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


def admitters(environment: Environment) -> QuerySet[User]:
    """Return who decides about the members of an environment and their roles: its admins, and superusers.

    The one rule of portal and admin alike. Permissions of staff have no part in it: whoever could give roles where they
    are no admin could give one to themselves. An invitation by somebody who is none of these is worth nothing.
    """
    admins = Membership.objects.filter(environment=environment, role=Role.ADMIN).values("user")
    return User.objects.filter(is_active=True).filter(Q(is_superuser=True) | Q(pk__in=admins))


def may_admit(user: User | None, environment: Environment) -> bool:
    """Tell whether a person decides about the members of an environment."""
    return user is not None and admitters(environment).filter(pk=user.pk).exists()
