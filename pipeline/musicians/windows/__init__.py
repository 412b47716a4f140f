"""Long takes from models that hold half a minute: windows that go on from one another, checked one by one."""
