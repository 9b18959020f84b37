/*
 * A getter, and what is named as a question (`isClosed`, `hasRoom()`, `mayStart`), changes nothing: asked twice it gives the same answer.
 * A change is an assignment to a property, or a call of a method that changes a collection. What such a call changes inside another
 * class is not seen here: name that a verb.
 */
const message = 'A question changes nothing: name this as a command, or move the change out of it.';
const question = '/^(is|has|can|may|are)[A-Z]/';
const places = [
  'MethodDefinition[kind="get"]',
  `MethodDefinition[kind="method"][key.name=${question}]`,
  `FunctionDeclaration[id.name=${question}]`,
];
const changes = [
  // What is made when it is first asked for (`??=`) is the same each time.
  'AssignmentExpression[operator!="??="] > MemberExpression.left',
  'UpdateExpression > MemberExpression.argument',
  'UnaryExpression[operator="delete"]',
  'CallExpression > MemberExpression.callee[object.type="MemberExpression"][property.name=/^(add|clear|delete|push|set|shift|splice|unshift|pop)$/]',
];

export const questionSyntax = places.flatMap((place) => changes.map((change) => ({ selector: `${place} ${change}`, message })));
