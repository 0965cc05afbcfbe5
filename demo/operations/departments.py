"""v2/departments: nothing is deleted here, only archived."""

from demo.account import Account
from demo.records.organisation import Department
from demo.routing import Route, RoutedRequest


def list_departments(account: Account, call: RoutedRequest) -> object:
    """List the departments in use."""
    return [department.summary() for department in account.departments if not department.is_archived]


def list_all_departments(account: Account, call: RoutedRequest) -> object:
    """List every department."""
    return [department.summary() for department in account.departments]


def list_archived_departments(account: Account, call: RoutedRequest) -> object:
    """List the departments that are not in use."""
    return [department.summary() for department in account.departments if department.is_archived]


def get_department(account: Account, call: RoutedRequest) -> object:
    """Show a department, archived or not."""
    return account.departments.get(call.ids[0]).summary()


def create_department(account: Account, call: RoutedRequest) -> object:
    """Create a department without reps."""
    department = Department(id=account.departments.next_id(), name=call.form.required("name"))
    return account.departments.add(department).summary()


def update_department(account: Account, call: RoutedRequest) -> object:
    """Rename a department."""
    department = account.departments.get(call.ids[0])
    department.name = call.form.text("name") or department.name
    return department.summary()


def archive_department(account: Account, call: RoutedRequest) -> object:
    """Take a department out of use."""
    return _set_archived(account, call, True)


def restore_department(account: Account, call: RoutedRequest) -> object:
    """Bring a department back into use."""
    return _set_archived(account, call, False)


def _set_archived(account: Account, call: RoutedRequest, is_archived: bool) -> object:
    department = account.departments.get(call.ids[0])
    department.is_archived = is_archived
    return department.summary()


ROUTES = (
    Route("GET", "v2/departments", "departments", list_departments),
    Route("GET", "v2/departments/all", "departments", list_all_departments),
    Route("GET", "v2/departments/archived", "departments", list_archived_departments),
    Route("GET", "v2/departments/{id}", "departments", get_department),
    Route("POST", "v2/departments", "departments_update", create_department),
    Route("POST", "v2/departments/{id}", "departments_update", update_department),
    Route("DELETE", "v2/departments/{id}", "departments_update", archive_department),
    Route("POST", "v2/departments/{id}/restore", "departments_update", restore_department),
)
