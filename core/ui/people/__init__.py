"""Who is here: signed in with a provider or by a proxy, a guest of a class, or anybody in an open lab."""
