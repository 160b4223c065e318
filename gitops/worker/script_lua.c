/* gitops/worker/script_lua.c: health scripts of argocd-cm, with Lua 5.4 and the functions of Lua 5.1 that scripts
 * for gopher-lua use. There is no io, no function that loads code, and of os only time, date and difftime. */
#include <stdlib.h>
#include <string.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <lua5.4/lualib.h>
#include "base/str.h"
#include "gitops/worker/script_parts.h"

/* Lua's allocator, with a limit. `ud` is the number of bytes in use. */
static void *
script_lua_allocate(void *ud, void *at, size_t was, size_t size)
{
	size_t *used = ud;
	void *now;

	was = at != NULL ? was : 0;
	if (size == 0) {
		*used -= was;
		free(at);
		return NULL;
	}
	if (size > was && size - was > SCRIPT_MEMORY_MAX - *used)
		return NULL;
	if ((now = realloc(at, size)) != NULL)
		*used += size - was;
	return now;
}

static void
script_lua_push(lua_State *lua, const json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	luaL_checkstack(lua, 4, "the object is too deep");
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		lua_newtable(lua);
		json_object_foreach ((json_t *)v, key, member) {
			script_lua_push(lua, member);
			lua_setfield(lua, -2, key);
		}
		break;
	case JSON_ARRAY:
		lua_newtable(lua);
		json_array_foreach (v, i, member) {
			script_lua_push(lua, member);
			lua_rawseti(lua, -2, (lua_Integer)i + 1);
		}
		break;
	case JSON_STRING: lua_pushlstring(lua, json_string_value(v), json_string_length(v)); break;
	/* As integers, so that a message has "5" instead of "5.0". */
	case JSON_INTEGER: lua_pushinteger(lua, json_integer_value(v)); break;
	case JSON_REAL: lua_pushnumber(lua, json_real_value(v)); break;
	case JSON_TRUE:
	case JSON_FALSE: lua_pushboolean(lua, json_is_true(v)); break;
	default: lua_pushnil(lua); break;
	}
}

/* table.getn(t) of Lua 5.1: the length of a table. */
static int
script_lua_getn(lua_State *lua)
{
	lua_pushinteger(lua, luaL_len(lua, 1));
	return 1;
}

/* math.pow(x, y) of Lua 5.1. */
static int
script_lua_pow(lua_State *lua)
{
	lua_pushvalue(lua, 1);
	lua_pushvalue(lua, 2);
	lua_arith(lua, LUA_OPPOW);
	return 1;
}

/* require("os") and others: returns a library that is already loaded. */
static int
script_lua_require(lua_State *lua)
{
	const char *name = luaL_checkstring(lua, 1);

	if (lua_getglobal(lua, name) != LUA_TTABLE)
		return luaL_error(lua, "there is no module %s here", name);
	return 1;
}

/* Removes all fields of a global table except these. */
static void
script_lua_keep_only(lua_State *lua, const char *name, const char *const *fields)
{
	lua_getglobal(lua, name);
	lua_newtable(lua);
	for (; *fields != NULL; fields++) {
		lua_getfield(lua, -2, *fields);
		lua_setfield(lua, -2, *fields);
	}
	lua_setglobal(lua, name);
	lua_pop(lua, 1);
}

/* Removes a field of a global table. */
static void
script_lua_drop(lua_State *lua, const char *table, const char *field)
{
	lua_getglobal(lua, table);
	lua_pushnil(lua);
	lua_setfield(lua, -2, field);
	lua_pop(lua, 1);
}

static void
script_lua_add(lua_State *lua, const char *table, const char *field, lua_CFunction f)
{
	lua_getglobal(lua, table);
	lua_pushcfunction(lua, f);
	lua_setfield(lua, -2, field);
	lua_pop(lua, 1);
}

/* Sets the globals of a script. */
static void
script_lua_set_globals(lua_State *lua)
{
	static const luaL_Reg libraries[] = { { LUA_GNAME, luaopen_base }, { LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
		{ LUA_UTF8LIBNAME, luaopen_utf8 }, { LUA_OSLIBNAME, luaopen_os } };
	static const char *const of_os[] = { "time", "date", "difftime", NULL };
	static const char *const gone[] = { "dofile", "loadfile", "load", "collectgarbage", "print", "warn" };

	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
		lua_pop(lua, 1);
	}
	script_lua_keep_only(lua, "os", of_os);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		script_lua_drop(lua, LUA_GNAME, gone[i]);
	script_lua_drop(lua, "string", "dump");
	script_lua_add(lua, "table", "getn", script_lua_getn);
	script_lua_add(lua, "math", "pow", script_lua_pow);
	lua_getglobal(lua, "table");
	lua_getfield(lua, -1, "unpack");
	lua_setglobal(lua, "unpack");
	lua_pop(lua, 1);
	lua_getglobal(lua, "string");
	lua_getfield(lua, -1, "gmatch");
	lua_setfield(lua, -2, "gfind");
	lua_pop(lua, 1);
	lua_register(lua, "require", script_lua_require);
}

struct script_lua_call {
	const char *text;
	const json_t *object;
};

/* Runs the script in protected mode: the value that it leaves on the stack is its result. */
static int
script_lua_run(lua_State *lua)
{
	const struct script_lua_call *q = lua_touserdata(lua, 1);

	lua_settop(lua, 0);
	script_lua_set_globals(lua);
	script_lua_push(lua, q->object);
	lua_setglobal(lua, "obj");
	if (luaL_loadbufferx(lua, q->text, strlen(q->text), "script", "t") != LUA_OK)
		return lua_error(lua);
	lua_call(lua, 0, 1);
	return 1;
}

static const char *
script_lua_field(lua_State *lua, const char *name)
{
	lua_getfield(lua, -1, name);
	return lua_isstring(lua, -1) ? lua_tostring(lua, -1) : NULL;
}

static json_t *
script_lua_read_health(lua_State *lua)
{
	json_t *response = json_object();
	const char *status, *message;

	if (lua_isnoneornil(lua, -1))
		return response;
	if (!lua_istable(lua, -1)) {
		json_put(response, "error", "it returns no table with status and message");
		return response;
	}
	status = script_lua_field(lua, "status");
	lua_insert(lua, -2); /* kept on the stack, below the table */
	message = script_lua_field(lua, "message");
	json_put(response, "status", status);
	json_put(response, "message", message);
	return response;
}

json_t *
script_lua_health(const char *text, const json_t *object)
{
	size_t used = 0;
	struct script_lua_call q = { text, object };
	lua_State *lua = lua_newstate(script_lua_allocate, &used);
	json_t *response;

	if (lua == NULL)
		return json_pack("{s:s}", "error", "there is no memory for it");
	lua_pushcfunction(lua, script_lua_run);
	lua_pushlightuserdata(lua, &q);
	if (lua_pcall(lua, 1, 1, 0) == LUA_OK)
		response = script_lua_read_health(lua);
	else
		response = json_pack("{s:s}", "error", lua_isstring(lua, -1) ? lua_tostring(lua, -1) : "it fails");
	lua_close(lua);
	return response;
}
